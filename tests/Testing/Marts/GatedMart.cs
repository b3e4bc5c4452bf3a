using System.Diagnostics;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Testing;

/// <summary>A real mart, counted, that can be held up or made to fail. One for all silos of a test.</summary>
internal sealed class GatedMart(IMartSource inner) : IMartSource
{
    private int _reads;
    private int _tokens;
    private int _newestMonths;
    private int _givenUp;

    public string Store => inner.Store;

    /// <summary>When set, a read that begins takes its rows and then waits for it.</summary>
    public TaskCompletionSource? Gate { get; set; }

    /// <summary>When set, a look at the change token waits for it.</summary>
    public TaskCompletionSource? TokenGate { get; set; }

    public MartException? Failure { get; set; }

    /// <summary>The trace that the last read belongs to.</summary>
    public ActivityTraceId Trace { get; private set; }

    public int Reads => Volatile.Read(ref _reads);

    /// <summary>Reads that were given up while they waited at the gate.</summary>
    public int GivenUp => Volatile.Read(ref _givenUp);

    public int Tokens => Volatile.Read(ref _tokens);

    public int NewestMonths => Volatile.Read(ref _newestMonths);

    public async Task<string> GetChangeTokenAsync(Month month, CancellationToken cancellationToken)
    {
        var gate = TokenGate;
        Interlocked.Increment(ref _tokens);
        if (gate is not null) await gate.Task;
        return Failure is { } failure ? throw failure : await inner.GetChangeTokenAsync(month, cancellationToken);
    }

    public async Task<MartRows> ReadAsync(QueryKey key, CancellationToken cancellationToken)
    {
        // Taken before the count, by which a test knows that the rows are those of before its next change.
        var gate = Gate;
        Trace = Activity.Current?.TraceId ?? default;
        var rows = await inner.ReadAsync(key, cancellationToken);
        Interlocked.Increment(ref _reads);
        if (gate is not null) await WaitAsync(gate.Task, cancellationToken);
        return Failure is { } failure ? throw failure : rows;
    }

    public Task<Month?> FindNewestMonthAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _newestMonths);
        return Failure is { } failure ? Task.FromException<Month?>(failure) : inner.FindNewestMonthAsync(cancellationToken);
    }

    private async Task WaitAsync(Task gate, CancellationToken cancellationToken)
    {
        try
        {
            await gate.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Interlocked.Increment(ref _givenUp);
            throw;
        }
    }
}
