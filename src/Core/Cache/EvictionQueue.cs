namespace TransactionPipeline.Core.Cache;

/// <summary>
/// Decides what goes when memory is full: S3-FIFO (Yang et al., SOSP 2023), by bytes. What is new waits in a small queue and reaches the
/// main one only when it is asked for again; what left lately and comes back goes there at once. So a scan passes through the small queue
/// and leaves what is used alone. Adding, growing and removing cost the same however many there are; so does evicting, on average. Safe
/// to call from any thread.
/// </summary>
/// <param name="maxBytes">The bound.</param>
internal sealed class EvictionQueue<T>(long maxBytes)
    where T : Evictable
{
    /// <summary>The small queue's part of the bound.</summary>
    private const int SmallPart = 10;

    /// <summary>So many in turn that may not go are passed over in a queue before the other is looked at; after so many in each, the next eviction goes on.</summary>
    private const int MostRefusals = 32;

    // A leaf but for the question whether an item may go.
    private readonly Lock _gate = new();
    private readonly Line _small = new();
    private readonly Line _main = new();
    private readonly HashSet<int> _ghosts = [];
    private readonly Queue<int> _ghostsByAge = new();
    private long _bytes;

    /// <summary>The bytes of all items.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Items that evictions have looked at so far: what they cost.</summary>
    public long Visited { get; private set; }

    /// <summary>Whether something has to go.</summary>
    public bool IsOver => Bytes > maxBytes;

    /// <summary>Adds an item that takes <paramref name="bytes"/> at first.</summary>
    public void Add(T item, long bytes)
    {
        lock (_gate)
        {
            Enter(item, _ghosts.Remove(item.Identity));
            Resize(item, bytes);
        }
    }

    /// <summary>The item takes more now, or less when negative. Nothing happens when it has gone.</summary>
    public void Grow(T item, long bytes)
    {
        lock (_gate)
        {
            if (item.Queue != EvictionPlace.None) Resize(item, bytes);
        }
    }

    /// <summary>Takes an item out.</summary>
    public void Remove(T item)
    {
        lock (_gate)
        {
            if (item.Queue != EvictionPlace.None) Leave(item);
        }
    }

    /// <summary>Takes out what has to go.</summary>
    /// <param name="mayGo">Whether an item may go now; must not wait for anything.</param>
    public IReadOnlyList<T> Evict(Func<T, bool> mayGo)
    {
        var gone = new List<T>();
        lock (_gate)
        {
            // Each passes the end as often as it has been used, and then goes, unless it may not.
            var (smallRefused, mainRefused) = (0, 0);
            while (_bytes > maxBytes && NextLine(smallRefused < MostRefusals, mainRefused < MostRefusals) is { } line)
            {
                Visited++;
                var item = (T)line.Oldest!;
                var isMain = line == _main;
                if (isMain ? item.Uses > 0 : item.Uses > 1)
                {
                    Leave(item);
                    item.Uses = (byte)(isMain ? item.Uses - 1 : 0);
                    Enter(item, isMain: true);
                }
                else if (mayGo(item))
                {
                    Leave(item);
                    if (!isMain) Remember(item.Identity);
                    gone.Add(item);
                    (smallRefused, mainRefused) = (0, 0);
                }
                else
                {
                    Leave(item);
                    Enter(item, isMain);
                    if (isMain) mainRefused++;
                    else smallRefused++;
                }
            }
        }
        return gone;
    }

    /// <summary>The queue whose turn it is, of those that have something that may go; null when neither has.</summary>
    private Line? NextLine(bool maySmall, bool mayMain)
    {
        (maySmall, mayMain) = (maySmall && _small.Count > 0, mayMain && _main.Count > 0);
        if (maySmall && (_small.Bytes > maxBytes / SmallPart || !mayMain)) return _small;
        return mayMain ? _main : null;
    }

    private Line LineOf(T item) => item.Queue == EvictionPlace.Main ? _main : _small;

    private void Enter(T item, bool isMain)
    {
        item.Queue = isMain ? EvictionPlace.Main : EvictionPlace.Small;
        LineOf(item).Add(item);
        Interlocked.Add(ref _bytes, item.Bytes);
    }

    private void Leave(T item)
    {
        LineOf(item).Remove(item);
        item.Queue = EvictionPlace.None;
        Interlocked.Add(ref _bytes, -item.Bytes);
    }

    private void Resize(T item, long bytes)
    {
        item.Bytes += bytes;
        LineOf(item).Bytes += bytes;
        Interlocked.Add(ref _bytes, bytes);
    }

    /// <summary>As many as the main queue has: hashes, of which two may be the same, which costs an item a better place than it deserves.</summary>
    private void Remember(int identity)
    {
        if (_ghosts.Add(identity)) _ghostsByAge.Enqueue(identity);
        while (_ghostsByAge.Count > Math.Max(_main.Count, 16)) _ghosts.Remove(_ghostsByAge.Dequeue());
    }

    /// <summary>A queue: its items are its links.</summary>
    private sealed class Line
    {
        private Evictable? _newest;

        public Evictable? Oldest { get; private set; }

        public int Count { get; private set; }

        public long Bytes { get; set; }

        public void Add(Evictable item)
        {
            (item.Older, item.Newer) = (_newest, null);
            if (_newest is null) Oldest = item;
            else _newest.Newer = item;
            _newest = item;
            Count++;
            Bytes += item.Bytes;
        }

        public void Remove(Evictable item)
        {
            if (item.Older is null) Oldest = item.Newer;
            else item.Older.Newer = item.Newer;
            if (item.Newer is null) _newest = item.Older;
            else item.Newer.Older = item.Older;
            (item.Older, item.Newer) = (null, null);
            Count--;
            Bytes -= item.Bytes;
        }
    }
}

/// <summary>
/// What an <see cref="EvictionQueue{T}"/> can hold. Its place is in the item itself: a node beside it would be a tenth of a small key. All
/// of it but <see cref="Use"/> is the queue's.
/// </summary>
internal abstract class Evictable
{
    /// <summary>Uses are counted up to here; so often does an item that is used no more pass the end of the main queue.</summary>
    public const int MostUses = 3;

    /// <summary>A hash of what it is: the same when it comes back after it went.</summary>
    public abstract int Identity { get; }

    /// <summary>What it takes.</summary>
    public long Bytes { get; set; }

    public Evictable? Older { get; set; }

    public Evictable? Newer { get; set; }

    public EvictionPlace Queue { get; set; }

    public byte Uses { get; set; }

    /// <summary>It was asked for. Without a lock: a use that is lost among many does no harm.</summary>
    public void Use()
    {
        if (Uses < MostUses) Uses++;
    }
}

/// <summary>The queue that an item is in.</summary>
internal enum EvictionPlace : byte
{
    /// <summary>None, or none any more.</summary>
    None,

    /// <summary>The one of what is new.</summary>
    Small,

    /// <summary>The one of what was asked for again.</summary>
    Main,
}
