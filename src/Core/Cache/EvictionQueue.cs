namespace TransactionPipeline.Core.Cache;

/// <summary>
/// Decides what goes when memory is full: S3-FIFO (Yang et al., SOSP 2023), by bytes. What is new waits in a small queue and reaches the
/// main one only when it is asked for again; what left lately and comes back goes there at once. So a scan passes through the small queue
/// and leaves what is used alone. Adding, growing and removing cost the same however many there are; so does evicting, on average. Safe
/// to call from any thread.
/// </summary>
/// <param name="maxBytes">The bound.</param>
internal sealed class EvictionQueue<T>(long maxBytes)
    where T : class
{
    /// <summary>The small queue's part of the bound.</summary>
    private const int SmallPart = 10;

    /// <summary>Uses are counted up to here; so often does an item that is used no more pass the end of the main queue.</summary>
    private const int MostUses = 3;

    // A leaf but for the question whether an item may go.
    private readonly Lock _gate = new();
    private readonly LinkedList<Place> _small = new();
    private readonly LinkedList<Place> _main = new();
    private readonly HashSet<int> _ghosts = [];
    private readonly Queue<int> _ghostsByAge = new();
    private long _smallBytes;
    private long _bytes;

    /// <summary>The bytes of all items.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Items that evictions have looked at so far: what they cost.</summary>
    public long Visited { get; private set; }

    /// <summary>Whether something has to go.</summary>
    public bool IsOver => Bytes > maxBytes;

    /// <summary>Adds an item.</summary>
    /// <param name="item">The item.</param>
    /// <param name="identity">A hash of what it is: the same when it comes back after it went.</param>
    /// <param name="bytes">What it takes at first.</param>
    public Place Add(T item, int identity, long bytes)
    {
        lock (_gate)
        {
            var place = new Place(item, identity) { IsMain = _ghosts.Remove(identity) };
            Enter(place);
            Resize(place, bytes);
            return place;
        }
    }

    /// <summary>The item takes more now, or less when negative. Nothing happens when it has gone.</summary>
    public void Grow(Place place, long bytes)
    {
        lock (_gate)
        {
            if (place.Node.List is not null) Resize(place, bytes);
        }
    }

    /// <summary>Takes an item out.</summary>
    public void Remove(Place place)
    {
        lock (_gate)
        {
            if (place.Node.List is not null) Leave(place);
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
            for (var passes = (MostUses + 2) * (_small.Count + _main.Count); _bytes > maxBytes && passes > 0; passes--)
            {
                Visited++;
                var place = (_smallBytes > maxBytes / SmallPart || _main.Count == 0 ? _small : _main).Last!.Value;
                if (place.IsMain ? place.Uses > 0 : place.Uses > 1)
                {
                    Leave(place);
                    place.Uses = place.IsMain ? place.Uses - 1 : 0;
                    place.IsMain = true;
                    var bytes = place.Bytes;
                    place.Bytes = 0;
                    Enter(place);
                    Resize(place, bytes);
                }
                else if (mayGo(place.Item))
                {
                    Leave(place);
                    if (!place.IsMain) Remember(place.Identity);
                    gone.Add(place.Item);
                }
                else
                {
                    place.Node.List!.Remove(place.Node);
                    Enter(place);
                }
            }
        }
        return gone;
    }

    private void Enter(Place place) => (place.IsMain ? _main : _small).AddFirst(place.Node);

    private void Leave(Place place)
    {
        place.Node.List!.Remove(place.Node);
        if (!place.IsMain) _smallBytes -= place.Bytes;
        Interlocked.Add(ref _bytes, -place.Bytes);
    }

    private void Resize(Place place, long bytes)
    {
        place.Bytes += bytes;
        if (!place.IsMain) _smallBytes += bytes;
        Interlocked.Add(ref _bytes, bytes);
    }

    /// <summary>As many as the main queue has: hashes, of which two may be the same, which costs an item a better place than it deserves.</summary>
    private void Remember(int identity)
    {
        if (_ghosts.Add(identity)) _ghostsByAge.Enqueue(identity);
        while (_ghostsByAge.Count > Math.Max(_main.Count, 16)) _ghosts.Remove(_ghostsByAge.Dequeue());
    }

    /// <summary>An item's place.</summary>
    internal sealed class Place
    {
        public Place(T item, int identity)
        {
            (Item, Identity) = (item, identity);
            Node = new(this);
        }

        public T Item { get; }

        public int Identity { get; }

        /// <summary>What it takes.</summary>
        public long Bytes { get; internal set; }

        internal LinkedListNode<Place> Node { get; }

        internal bool IsMain { get; set; }

        internal int Uses { get; set; }

        /// <summary>It was asked for. Without a lock: a use that is lost among many does no harm.</summary>
        public void Use()
        {
            if (Uses < MostUses) Uses++;
        }
    }
}
