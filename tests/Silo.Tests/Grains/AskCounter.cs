using TransactionPipeline.Grains.Query;
using TransactionPipeline.Grains.Watch;

namespace TransactionPipeline.Silo.Tests.Grains;

/// <summary>Counts the questions that reach a key's grain in any silo; can cut the grains off or hang them.</summary>
internal sealed class AskCounter : IIncomingGrainCallFilter
{
    private int _asked;

    public int Asked => Volatile.Read(ref _asked);

    public bool IsCutOff { get; set; }

    /// <summary>When set, every call of a grain waits for it.</summary>
    public TaskCompletionSource? Hang { get; set; }

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        var grain = context.InterfaceMethod.DeclaringType;
        var isAsk = grain == typeof(IQueryGrain) && context.InterfaceMethod.Name == nameof(IQueryGrain.AskAsync);
        if (isAsk) Interlocked.Increment(ref _asked);
        if (IsCutOff && (isAsk || grain == typeof(IMartWatcherGrain)))
            throw new InvalidOperationException("the test cut this grain off");
        if (Hang is { } hang && (grain == typeof(IQueryGrain) || grain == typeof(IMartWatcherGrain))) await hang.Task;
        await context.Invoke();
    }
}
