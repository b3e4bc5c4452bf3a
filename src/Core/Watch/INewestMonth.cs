using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Watch;

/// <summary>The default month: the newest one a mart has data for, cached like any answer.</summary>
public interface INewestMonth
{
    /// <summary>The newest month with data; null while the mart is empty.</summary>
    /// <exception cref="MartException">The mart failed and no earlier answer is known.</exception>
    ValueTask<Month?> GetAsync(Mart mart, CancellationToken cancellationToken);
}
