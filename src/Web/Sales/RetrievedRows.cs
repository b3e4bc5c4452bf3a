using TransactionPipeline.Core.Cache;

namespace TransactionPipeline.Web.Sales;

/// <summary>What a call gave, for the line that is logged about it.</summary>
/// <param name="Rows">Rows written; 0 with 304.</param>
/// <param name="Kind">A word before "sales summaries", with a space behind it; or nothing.</param>
/// <param name="Prefix">What the products begin with.</param>
/// <param name="Month">The month, the day or the months.</param>
/// <param name="Cache">How the answer came, see <see cref="CacheResultNames.Word"/>.</param>
/// <param name="Version">The snapshot's version; of several, the newest.</param>
internal sealed record RetrievedRows(int Rows, string Kind, string Prefix, string Month, string Cache, SnapshotVersion Version)
{
    /// <summary>The mart was asked for its newest month and has none.</summary>
    public static RetrievedRows OfEmptyMart(string kind, string prefix) => new(0, kind, prefix, "none", CacheResult.Miss.Word(), SnapshotVersion.None);
}
