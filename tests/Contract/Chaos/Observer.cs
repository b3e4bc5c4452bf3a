using System.Collections.Concurrent;
using TransactionPipeline.Contract.History;

namespace TransactionPipeline.Contract.Chaos;

/// <summary>Writes down what happens, from many threads at once, in the order of time.</summary>
internal sealed class Observer
{
    private readonly Lock _gate = new();
    private readonly List<HistoryEvent> _events = [];
    private readonly ConcurrentDictionary<string, string> _texts = new(StringComparer.Ordinal);
    private DateTimeOffset _last;
    private int _questions;

    /// <summary>What has happened so far.</summary>
    public IReadOnlyList<HistoryEvent> History
    {
        get
        {
            lock (_gate) return [.. _events];
        }
    }

    /// <summary>A time before all that is written down from now on.</summary>
    public DateTimeOffset Now()
    {
        lock (_gate) return Tick();
    }

    /// <summary>Writes down what happens now: before its cause where it may have an effect, after its effect where it tells of one.</summary>
    public T Note<T>(Func<DateTimeOffset, T> happened)
        where T : HistoryEvent
    {
        lock (_gate)
        {
            var noted = happened(Tick());
            _events.Add(noted);
            return noted;
        }
    }

    /// <summary>A question that was not asked before.</summary>
    public int NextQuestion() => Interlocked.Increment(ref _questions);

    /// <summary>The same text, kept once however often it is answered.</summary>
    public string Share(string text) => _texts.GetOrAdd(text, text);

    // By the clock that the processes have too; should it be set back, the order stays.
    private DateTimeOffset Tick()
    {
        var now = TimeProvider.System.GetUtcNow();
        if (now > _last) _last = now;
        return _last;
    }
}
