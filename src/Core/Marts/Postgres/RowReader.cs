using Npgsql;

namespace TransactionPipeline.Core.Marts.Postgres;

/// <summary>Collects the rows of an answer, in the order of <see cref="MartRow"/>, without a text of its own for each of them.</summary>
internal sealed class RowReader
{
    private readonly MartRowsBuilder _rows = new();
    private readonly char[] _id = new char[TransactionIdColumn.HashBytes * 2 + 1];
    private readonly char[] _product = new char[256];

    public void Add(NpgsqlDataReader row)
    {
        if (row.IsDBNull(0))
        {
            _rows.Add(PostgresMartSource.ReadRow(row));
            return;
        }
        _rows.Add(
            Read(row, 0, _id), Read(row, 1, _product), row.GetFieldValue<DateOnly>(2), row.GetDecimal(3), row.GetDecimal(4), row.GetInt64(5),
            row.IsDBNull(6) ? null : row.GetInt64(6));
    }

    public MartRows Build() => _rows.Build();

    // A text that fills the buffer may be longer.
    private static ReadOnlySpan<char> Read(NpgsqlDataReader row, int column, char[] buffer)
    {
        var length = (int)row.GetChars(column, 0, buffer, 0, buffer.Length);
        return length < buffer.Length ? buffer.AsSpan(0, length) : row.GetString(column);
    }
}
