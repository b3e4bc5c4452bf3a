using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Cache;

/// <summary>Where a process learns the marts' change tokens: from the marts, or from the one that looks for several processes.</summary>
public interface IChangeTokens
{
    /// <summary>The present tokens of some months.</summary>
    /// <param name="mart">The mart.</param>
    /// <param name="months">The months.</param>
    /// <param name="woken">The mart is known to have changed just now: what was seen a moment ago will not do.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="MartException">The mart could not be asked.</exception>
    Task<IReadOnlyList<MonthToken>> LookAsync(Mart mart, IReadOnlyCollection<Month> months, bool woken, CancellationToken cancellationToken);
}

/// <summary>A month's change token.</summary>
/// <param name="Month">The month.</param>
/// <param name="DataVersion">The token, as <see cref="IMartSource.GetChangeTokenAsync"/> gave it.</param>
/// <param name="AsOf">When the look at it began.</param>
public readonly record struct MonthToken(Month Month, string DataVersion, DateTimeOffset AsOf);
