using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Cache;

/// <summary>The keys of a process as its watcher sees them.</summary>
public interface IHeldKeys
{
    /// <summary>The months held of a mart: what a watcher has to look at.</summary>
    IReadOnlyCollection<Month> MonthsOf(Mart mart);

    /// <summary>Tells every key of a month what the mart's change token is; see <see cref="CachedQuery.Learn"/>.</summary>
    void Learn(Mart mart, Month month, string dataVersion, DateTimeOffset asOf);
}
