namespace TransactionPipeline.Core.Marts;

/// <summary>One row of a mart's answer.</summary>
/// <param name="TransactionId">
/// The hashed id: of the sale (operational), or the smallest of the group (warehouse). Null when a mart made elsewhere has no such column.
/// </param>
/// <param name="Product">The product's full name.</param>
/// <param name="Date">The day of the sale (operational), or the first of the month (warehouse).</param>
/// <param name="TotalAmount">Sum of price x quantity.</param>
/// <param name="AvgPrice">Mean of the prices, rounded half up to 4 decimals.</param>
/// <param name="TransactionCount">Distinct transactions in the row.</param>
/// <param name="TotalQuantity">Pieces sold; null when a mart made elsewhere has no such column.</param>
public readonly record struct MartRow(
    string? TransactionId,
    string Product,
    DateOnly Date,
    decimal TotalAmount,
    decimal AvgPrice,
    long TransactionCount,
    long? TotalQuantity);
