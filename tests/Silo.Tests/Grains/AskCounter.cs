using TransactionPipeline.Grains.Query;
using TransactionPipeline.Grains.Watch;

namespace TransactionPipeline.Silo.Tests.Grains;

/// <summary>Counts the questions that reach a key's grain in any silo; can cut the grains off, hang them, or lose what they push.</summary>
internal sealed class AskCounter : IIncomingGrainCallFilter, IOutgoingGrainCallFilter
{
    private int _asked;
    private int _lost;
    private int _pieces;
    private int _open;
    private int _signs;

    public int Asked => Volatile.Read(ref _asked);

    /// <summary>Pieces of rows that were asked for.</summary>
    public int Pieces => Volatile.Read(ref _pieces);

    /// <summary>Questions that a grain has not answered yet.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Signs of life that grains gave.</summary>
    public int Signs => Volatile.Read(ref _signs);

    public bool IsCutOff { get; set; }

    /// <summary>When set, every call of a grain waits for it.</summary>
    public TaskCompletionSource? Hang { get; set; }

    /// <summary>When set, questions to a key's grain wait for it on their way.</summary>
    public TaskCompletionSource? HangAsk { get; set; }

    /// <summary>When true, news does not arrive.</summary>
    public bool LosesNews { get; set; }

    /// <summary>News that was lost.</summary>
    public int Lost => Volatile.Read(ref _lost);

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        var grain = context.InterfaceMethod.DeclaringType;
        var isAsk = grain == typeof(IQueryGrain) && context.InterfaceMethod.Name == nameof(IQueryGrain.AskAsync);
        if (isAsk) Interlocked.Increment(ref _asked);
        if (grain == typeof(IQueryGrain) && context.InterfaceMethod.Name == nameof(IQueryGrain.ReadAsync)) Interlocked.Increment(ref _pieces);
        if (IsCutOff && (isAsk || grain == typeof(IMartWatcherGrain)))
            throw new InvalidOperationException("the test cut this grain off");
        if (isAsk && HangAsk is { } lost) await lost.Task;
        if (Hang is { } hang && (grain == typeof(IQueryGrain) || grain == typeof(IMartWatcherGrain))) await hang.Task;
        if (grain == typeof(IQueryGrain) && context.InterfaceMethod.Name == nameof(IQueryGrain.IsAtWorkAsync)) Interlocked.Increment(ref _signs);
        if (isAsk) Interlocked.Increment(ref _open);
        try
        {
            await context.Invoke();
        }
        finally
        {
            if (isAsk) Interlocked.Decrement(ref _open);
        }
    }

    public Task Invoke(IOutgoingGrainCallContext context)
    {
        if (!LosesNews || context.InterfaceMethod.DeclaringType != typeof(IMartListener)) return context.Invoke();
        Interlocked.Increment(ref _lost);
        return Task.CompletedTask;
    }
}
