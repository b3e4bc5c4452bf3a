namespace TransactionPipeline.Core.Ingestion;

/// <summary>One accepted line of a transactions file, with its id hashed: what every store holds.</summary>
/// <param name="TransactionId">SHA-256 (or HMAC-SHA-256 with <c>security.pii_key</c>) of the plain id, 64 lower-case hex digits.</param>
/// <param name="Product">The product's name; null when the line left it blank. The marts leave such a sale out.</param>
/// <param name="Price">At most 4 decimals and below 1,000,000,000 in size, so that it is NUMERIC(13,4) in every store.</param>
/// <param name="Quantity">Pieces, -1,000,000 to 1,000,000.</param>
/// <param name="Date">The day of the sale.</param>
public readonly record struct Transaction(string TransactionId, string? Product, decimal Price, int Quantity, DateOnly Date);
