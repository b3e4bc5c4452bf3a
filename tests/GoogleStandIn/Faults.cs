namespace TransactionPipeline.GoogleStandIn;

/// <summary>What goes wrong with a call.</summary>
public enum FaultKind
{
    /// <summary>An error answer with a status and a reason; nothing was done.</summary>
    Status,

    /// <summary>No answer until <see cref="Faults.ReleaseSlow"/> or the client gives up.</summary>
    Slow,

    /// <summary>The work is done, but half of the answer's body arrives and the connection breaks.</summary>
    CutAnswer,

    /// <summary>The connection breaks when half of the request's body has arrived; an upload keeps what arrived in whole 256 KiB.</summary>
    CutRequest,

    /// <summary>The job itself fails, with a reason in its status.</summary>
    JobError,
}

/// <summary>A fault of the calls of one API method.</summary>
/// <param name="Api">The method's name, or the beginning of it: <c>bigquery.jobs.query</c>, <c>storage.</c>.</param>
/// <param name="Kind">What goes wrong.</param>
/// <param name="Status">Of the error answer.</param>
/// <param name="Reason">Of the error.</param>
/// <param name="RetryAfter">The header, in seconds.</param>
public sealed record Fault(string Api, FaultKind Kind, int Status = 500, string Reason = "internalError", int? RetryAfter = null);

/// <summary>The switches for faults.</summary>
public sealed class Faults
{
    private readonly Lock _lock = new();
    private readonly List<(Fault Fault, int Skip, int Times)> _planned = [];
    private TaskCompletionSource _slow = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The most rows on a page; a small number makes many pages.</summary>
    public int PageSize { get; set; } = 10_000;

    /// <summary>How many times a job is asked after before it says that it is done.</summary>
    public int PollsBeforeDone { get; set; }

    /// <summary>Plans a fault for the next <paramref name="times"/> calls after <paramref name="skip"/> good ones.</summary>
    public void Plan(Fault fault, int times = 1, int skip = 0)
    {
        lock (_lock) _planned.Add((fault, skip, times));
    }

    /// <summary>Forgets what is planned.</summary>
    public void Clear()
    {
        lock (_lock) _planned.Clear();
        PageSize = 10_000;
        PollsBeforeDone = 0;
        ReleaseSlow();
    }

    /// <summary>Lets the slow calls go on.</summary>
    public void ReleaseSlow()
    {
        lock (_lock)
        {
            _slow.SetResult();
            _slow = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>The planned fault of a call, used up by one.</summary>
    /// <remarks>
    /// <paramref name="released"/> ends at the next <see cref="ReleaseSlow"/>. It comes together with the fault: asked
    /// for later, a release in between would go unheard.
    /// </remarks>
    internal Fault? Take(string api, bool jobs, out Task released)
    {
        lock (_lock)
        {
            released = _slow.Task;
            for (var i = 0; i < _planned.Count; i++)
            {
                var (fault, skip, times) = _planned[i];
                if ((fault.Kind == FaultKind.JobError) != jobs || !api.StartsWith(fault.Api, StringComparison.Ordinal)) continue;
                if (skip > 0)
                {
                    _planned[i] = (fault, skip - 1, times);
                    continue;
                }
                if (times > 1) _planned[i] = (fault, 0, times - 1);
                else _planned.RemoveAt(i);
                return fault;
            }
            return null;
        }
    }
}
