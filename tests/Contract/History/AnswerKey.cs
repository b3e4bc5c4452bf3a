namespace TransactionPipeline.Contract.History;

/// <summary>A month of a mart.</summary>
/// <param name="Mart"><c>warehouse</c> or <c>operational</c>.</param>
/// <param name="Month"><c>YYYY-MM</c>.</param>
public readonly record struct MartMonth(string Mart, string Month);

/// <summary>What an answer is the answer to.</summary>
/// <param name="Month">Of which month.</param>
/// <param name="Prefix">What its products begin with.</param>
public readonly record struct AnswerKey(MartMonth Month, string Prefix)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Month.Mart}/{Month.Month}/{Prefix}";
}

/// <summary>A row of an answer.</summary>
/// <param name="Product">Its product.</param>
/// <param name="Figures">Everything else in it, as text: equal rows have equal text.</param>
public readonly record struct SaleRow(string Product, string Figures)
{
    /// <summary>Rows as one text, a line each.</summary>
    public static string Text(IEnumerable<SaleRow> rows) => string.Join('\n', rows.Select(row => $"{row.Product}={row.Figures}"));
}
