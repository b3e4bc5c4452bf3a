using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Testing;

/// <summary>A mart whose rows, version, failures and pace the test decides. Counts what it is asked.</summary>
internal sealed class FakeMart : IMartSource
{
    private int _tokens;
    private int _reads;
    private int _newestMonths;

    public string Store { get; init; } = "fake";

    public bool IsCostlyToPoll { get; set; }

    public bool HasOneToken { get; set; }

    public string Version { get; set; } = "1";

    public decimal Amount { get; set; } = 100m;

    public MartException? Failure { get; set; }

    /// <summary>When set, every read waits for it after it has counted itself.</summary>
    public TaskCompletionSource? Gate { get; set; }

    /// <summary>The same of a look at the change token, which then counts as a read that has begun.</summary>
    public TaskCompletionSource? TokenGate { get; set; }

    /// <summary>When set, a read that is given up ends only then.</summary>
    public TaskCompletionSource? Linger { get; set; }

    /// <summary>Ends when a read that waits at the gate is given up.</summary>
    public TaskCompletionSource ReadGivenUp { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when a read has begun; set anew to wait for the next.</summary>
    public TaskCompletionSource ReadBegan { get; set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Tokens => Volatile.Read(ref _tokens);

    public int NewestMonths => Volatile.Read(ref _newestMonths);

    public Month? NewestMonth { get; set; } = new Month(2023, 10);

    public int Reads => Volatile.Read(ref _reads);

    public async Task<string> GetChangeTokenAsync(Month month, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _tokens);
        var version = Version;
        if (TokenGate is { } gate)
        {
            ReadBegan.TrySetResult();
            await WaitAsync(gate.Task, cancellationToken);
        }
        return Failure is null ? version : throw Failure;
    }

    public async Task<MartRows> ReadAsync(QueryKey key, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _reads);
        // As they are when the read begins: what changes later must not be in it.
        var amount = Amount;
        ReadBegan.TrySetResult();
        if (Gate is { } gate) await WaitAsync(gate.Task, cancellationToken);
        if (Failure is not null) throw Failure;
        var rows = new MartRowsBuilder();
        foreach (var product in (string[])["Halal Keyboard", "Halal Laptop", "Halal Laptop Bag", "Halal Mouse"])
        {
            if (product.StartsWith(key.Prefix, StringComparison.Ordinal))
                rows.Add(new MartRow(new string('a', 64), product, key.Month.FirstDay, amount, amount, 1, 2));
        }
        return rows.Build();
    }

    public async Task<Month?> FindNewestMonthAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _newestMonths);
        var newest = NewestMonth;
        ReadBegan.TrySetResult();
        if (Gate is { } gate) await gate.Task;
        return Failure is null ? newest : throw Failure;
    }

    private async Task WaitAsync(Task gate, CancellationToken cancellationToken)
    {
        try
        {
            await gate.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            ReadGivenUp.TrySetResult();
            if (Linger is { } linger) await linger.Task;
            throw;
        }
    }

    public void Change(string version, decimal amount)
    {
        Amount = amount;
        Version = version;
    }
}
