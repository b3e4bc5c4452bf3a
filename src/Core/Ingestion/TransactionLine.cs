namespace TransactionPipeline.Core.Ingestion;

/// <summary>
/// The five fields of a line as the file has them, in UTF-8; they are gone with the next line. The plain id is among them: it is
/// hashed from here and never becomes a string.
/// </summary>
internal readonly ref struct TransactionLine
{
    public required ReadOnlySpan<byte> Id { get; init; }

    public required string Product { get; init; }

    public required ReadOnlySpan<byte> Price { get; init; }

    public required ReadOnlySpan<byte> Quantity { get; init; }

    public required ReadOnlySpan<byte> Date { get; init; }
}
