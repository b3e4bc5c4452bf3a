namespace TransactionPipeline.Web.SignIn;

/// <summary>
/// Counts failures for each key in a sliding window, and says how long a key that has had too many must wait. An attempt counts
/// from its start, so that many at once get no further than one after the other; a good one is taken back.
/// </summary>
/// <remarks>
/// ASP.NET's SlidingWindowRateLimiter can neither take a success back nor be moved by a test's clock.
/// </remarks>
internal sealed class FailureWindow(int limit, TimeSpan window, TimeProvider time, int capacity = 10_000)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<long>> _attempts = new(StringComparer.Ordinal);

    /// <summary>How many keys are remembered: at most the capacity.</summary>
    public int Count
    {
        get
        {
            lock (_lock) return _attempts.Count;
        }
    }

    /// <summary>Counts an attempt; or, when there were too many, counts nothing and gives the time until the next is let in.</summary>
    public bool TryBegin(string key, out TimeSpan wait)
    {
        wait = TimeSpan.Zero;
        lock (_lock)
        {
            var now = time.GetTimestamp();
            if (!_attempts.TryGetValue(key, out var attempts))
            {
                if (_attempts.Count >= capacity) MakeRoom(now);
                _attempts[key] = attempts = [];
            }
            attempts.RemoveAll(at => IsOver(at, now));
            if (attempts.Count >= limit)
            {
                wait = window - time.GetElapsedTime(attempts[0], now);
                return false;
            }
            attempts.Add(now);
            return true;
        }
    }

    /// <summary>Takes the last attempt back: it was a good one, or was not made after all.</summary>
    public void TakeBack(string key)
    {
        lock (_lock)
        {
            if (!_attempts.TryGetValue(key, out var attempts)) return;
            if (attempts.Count > 0) attempts.RemoveAt(attempts.Count - 1);
            if (attempts.Count == 0) _attempts.Remove(key);
        }
    }

    private void MakeRoom(long now)
    {
        foreach (var (key, attempts) in _attempts)
        {
            if (attempts.TrueForAll(at => IsOver(at, now))) _attempts.Remove(key);
        }
        if (_attempts.Count < capacity) return;
        // Full of live keys: someone makes up names. The tenth with the fewest failures goes; who is really attacked stays counted.
        foreach (var key in _attempts.OrderBy(entry => entry.Value.Count).Take(Math.Max(1, capacity / 10)).Select(entry => entry.Key).ToList())
            _attempts.Remove(key);
    }

    private bool IsOver(long at, long now) => time.GetElapsedTime(at, now) >= window;
}
