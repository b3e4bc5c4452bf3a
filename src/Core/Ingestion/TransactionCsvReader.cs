using System.Text.Unicode;
using CsvHelper;

namespace TransactionPipeline.Core.Ingestion;

/// <summary>
/// Reads a transactions file line by line: UTF-8, or UTF-16 and UTF-32 with a byte order mark; LF or CRLF; quotes as in RFC 4180; the
/// five columns in any order. Memory does not grow with the file or with a line.
/// </summary>
internal sealed class TransactionCsvReader : IDisposable
{
    /// <summary>The most bytes of one line before the whole file is refused: whoever sends that sends no transactions.</summary>
    public const int MaxLineBytes = 1 << 20;

    /// <summary>The most bytes of one field.</summary>
    public const int MaxFieldBytes = 64 << 10;

    private static readonly byte[] ReplacementCharacter = [0xEF, 0xBF, 0xBD];

    private readonly CsvReader _csv;
    private readonly int[] _position = new int[TransactionColumns.All.Count];
    private bool _badQuotes;

    public TransactionCsvReader(Stream content) => _csv = CsvReader.Create(
        content,
        new CsvReaderOptions
        {
            Separator = ',',
            HasHeader = false, // It is read as a record, to say exactly what is wrong with it.
            MaxRecordSize = MaxLineBytes,
            TrackLineNumbers = true,
            PoolStrings = true, // Products repeat.
            OnMalformedRecord = _ => _badQuotes = true,
        },
        leaveOpen: true);

    /// <summary>The number of the line where the current record starts, from 1.</summary>
    public long Line => _csv.LineNumber;

    /// <summary>Reads the header.</summary>
    /// <exception cref="TransactionFileException">There is none, or it is not the one a transactions file has.</exception>
    public async Task ReadHeaderAsync(CancellationToken cancellationToken)
    {
        if (!await ReadAsync(cancellationToken)) throw new TransactionFileException($"The file is empty. {Expected}");
        var names = Enumerable.Range(0, _csv.FieldCount).Select(index => _csv.GetString(index).Trim()).ToList();
        if (names.Exists(name => name.Contains('\0')))
            throw new TransactionFileException("The file is not UTF-8 text. Save it as UTF-8, or as UTF-16 with a byte order mark.");
        if (FindHeaderProblems(names) is { Length: > 0 } problems)
            throw new TransactionFileException($"The header is not that of a transactions file. {problems} {Expected}");
        for (var i = 0; i < _position.Length; i++) _position[i] = names.IndexOf(TransactionColumns.All[i]);
    }

    /// <summary>Goes to the next line that is not empty; false at the end of the file.</summary>
    /// <exception cref="TransactionFileException">The line is longer than any transaction.</exception>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        _badQuotes = false;
        try
        {
            return await _csv.ReadAsync(cancellationToken);
        }
        catch (CsvFormatException tooLong)
        {
            throw new TransactionFileException(
                $"Line {tooLong.LineNumber} is longer than {MaxLineBytes >> 20} MiB, or a quote in it is never closed. Nothing was taken.");
        }
    }

    /// <summary>The current line's fields; false when it has more or fewer than the header, stray quotes, or what is no text.</summary>
    public bool TryGet(out TransactionLine line)
    {
        line = default;
        if (_badQuotes || _csv.FieldCount != _position.Length) return false;
        for (var i = 0; i < _position.Length; i++)
            if (!IsText(_csv.GetSpan(i))) return false;
        line = new()
        {
            Id = _csv.GetSpan(_position[0]),
            Product = _csv.GetString(_position[1]),
            Price = _csv.GetSpan(_position[2]),
            Quantity = _csv.GetSpan(_position[3]),
            Date = _csv.GetSpan(_position[4]),
        };
        return true;
    }

    public void Dispose() => _csv.Dispose();

    private static string Expected => $"The first line names the columns {string.Join(",", TransactionColumns.All)} in any order.";

    // U+FFFD is what a decoder makes of broken UTF-16: two broken ids must not become the same one.
    private static bool IsText(ReadOnlySpan<byte> field) =>
        field.Length <= MaxFieldBytes && !field.Contains((byte)0) && Utf8.IsValid(field) && field.IndexOf(ReplacementCharacter) < 0;

    private static string FindHeaderProblems(List<string> names)
    {
        var missing = TransactionColumns.All.Except(names, StringComparer.Ordinal).ToList();
        var unknown = names.Except(TransactionColumns.All, StringComparer.Ordinal).Select(Shorten).ToList();
        var twice = names.GroupBy(name => name, StringComparer.Ordinal).Where(group => group.Count() > 1).Select(group => Shorten(group.Key));
        return string.Join(' ', new[] { Name("Missing", missing), Name("Unknown", unknown), Name("More than once", twice) }.OfType<string>());
    }

    private static string? Name(string problem, IEnumerable<string> columns)
    {
        var named = string.Join(", ", columns.Take(TransactionColumns.All.Count));
        return named.Length == 0 ? null : $"{problem}: {named}.";
    }

    private static string Shorten(string name) => name.Length == 0 ? "(blank)" : name.Length <= 40 ? name : name[..40] + "…";
}
