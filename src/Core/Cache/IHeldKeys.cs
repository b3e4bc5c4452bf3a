using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Cache;

/// <summary>The keys of a process as its watcher sees them.</summary>
public interface IHeldKeys
{
    /// <summary>The months of a mart that are held and in use: what a watcher has to look at.</summary>
    IReadOnlyCollection<Month> MonthsOf(Mart mart);

    /// <summary>A month's change token is known: see <see cref="MonthShelf.Hear"/>.</summary>
    void Learn(Mart mart, Month month, string dataVersion, DateTimeOffset asOf);
}
