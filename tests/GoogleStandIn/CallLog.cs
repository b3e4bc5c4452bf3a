namespace TransactionPipeline.GoogleStandIn;

/// <summary>One call that arrived.</summary>
/// <param name="Api">The API method.</param>
/// <param name="Target">Path and query.</param>
/// <param name="ContentRange">The header of uploads.</param>
/// <param name="Body">The request's JSON; empty for other content.</param>
public sealed record Call(string Api, string Target, string? ContentRange, string Body);

/// <summary>The calls that arrived, for asserts.</summary>
public sealed class CallLog
{
    private readonly Lock _lock = new();
    private readonly List<Call> _calls = [];
    private readonly List<(string Api, TaskCompletionSource Arrived)> _waiting = [];

    /// <summary>All so far.</summary>
    public IReadOnlyList<Call> All
    {
        get
        {
            lock (_lock) return [.. _calls];
        }
    }

    /// <summary>How many calls of <paramref name="api"/> arrived.</summary>
    public int Count(string api) => All.Count(call => call.Api == api);

    /// <summary>Ends when the next call of <paramref name="api"/> has arrived.</summary>
    public Task NextAsync(string api)
    {
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock) _waiting.Add((api, arrived));
        return arrived.Task;
    }

    /// <summary>Forgets them.</summary>
    public void Clear()
    {
        lock (_lock) _calls.Clear();
    }

    internal void Add(Call call)
    {
        List<TaskCompletionSource> arrived;
        lock (_lock)
        {
            _calls.Add(call);
            arrived = [.. _waiting.Where(wait => wait.Api == call.Api).Select(wait => wait.Arrived)];
            _waiting.RemoveAll(wait => wait.Api == call.Api);
        }
        foreach (var wait in arrived) wait.SetResult();
    }
}
