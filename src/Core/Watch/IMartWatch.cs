using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Watch;

/// <summary>The watch over one mart: this process's own, or the one that looks for all processes of a cluster.</summary>
public interface IMartWatch
{
    /// <summary>
    /// Tells news that nobody here asked for. Without a newest month it says that the mart has changed, and that what is known of its newest
    /// month may be outdated; with one, that this is it by now. What is missed of the tokens, the next look
    /// brings; of the newest month, the next one after somebody has asked for it.
    /// </summary>
    void Subscribe(Action<MartNews> listener);

    /// <summary>The present tokens of some months, and the newest month if it is known.</summary>
    /// <param name="months">The months.</param>
    /// <param name="woken">The mart is known to have changed just now: what was seen a moment ago will not do.</param>
    /// <param name="cancellationToken">Ends the waiting; a look that runs is everybody's.</param>
    /// <exception cref="MartException">The mart could not be asked.</exception>
    Task<MartNews> LookAsync(IReadOnlyCollection<Month> months, bool woken, CancellationToken cancellationToken);

    /// <summary>The newest month. It waits for no look.</summary>
    /// <exception cref="MartException">The mart could not be asked.</exception>
    Task<KnownMonth> FindNewestMonthAsync(CancellationToken cancellationToken);
}
