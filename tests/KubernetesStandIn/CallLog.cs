using System.Collections.Concurrent;

namespace TransactionPipeline.KubernetesStandIn;

/// <summary>What was asked of the server, with the code it answered, so that a Role can be compared with it.</summary>
public sealed class CallLog
{
    private readonly ConcurrentQueue<(ApiCall Call, int Code)> _calls = new();

    public IReadOnlyList<ApiCall> Calls => [.. _calls.Select(entry => entry.Call)];

    public IReadOnlyList<(ApiCall Call, int Code)> Answers => [.. _calls];

    public void Add(ApiCall call, int code) => _calls.Enqueue((call, code));

    public void Clear() => _calls.Clear();
}
