namespace TransactionPipeline.Web.Sales;

/// <summary>What a call gave, for the line that is logged about it.</summary>
internal sealed record RetrievedRows(int Rows, string Store, string Prefix, string Month, string Cache, long Version);
