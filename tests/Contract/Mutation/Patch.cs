namespace TransactionPipeline.Contract.Mutation;

/// <summary>A unified diff of source files. What is before the first file says what it is for.</summary>
internal sealed class Patch
{
    private const string FilePrefix = "+++ b/";

    private readonly Dictionary<string, List<Hunk>> _hunks = new(StringComparer.Ordinal);

    private Patch(string text)
    {
        List<Hunk>? file = null;
        foreach (var line in text.TrimEnd('\n').Split('\n'))
        {
            if (line.StartsWith(FilePrefix, StringComparison.Ordinal)) _hunks[line[FilePrefix.Length..]] = file = [];
            else if (line.StartsWith("--- ", StringComparison.Ordinal)) file = null;
            else if (line.StartsWith("@@ ", StringComparison.Ordinal)) file!.Add(new());
            else if (file is not null) file[^1].Add(line);
        }
    }

    /// <summary>The files that it changes.</summary>
    public IReadOnlyCollection<string> Files => _hunks.Keys;

    public static Patch Parse(string text) => new(text);

    /// <summary>
    /// The text of <paramref name="file"/> with its hunks applied. Line numbers do not matter, so that a change elsewhere in the file needs no
    /// new patch; what a hunk changes has to be there, exactly and once.
    /// </summary>
    /// <exception cref="FormatException">It does not fit.</exception>
    public string Apply(string file, string text)
    {
        foreach (var hunk in _hunks[file])
        {
            var at = text.IndexOf(hunk.Before, StringComparison.Ordinal);
            if (at < 0 || text.IndexOf(hunk.Before, at + 1, StringComparison.Ordinal) >= 0) throw new FormatException($"{file} does not have this once:\n{hunk.Before}");
            text = string.Concat(text.AsSpan(0, at), hunk.After, text.AsSpan(at + hunk.Before.Length));
        }
        return text;
    }

    private sealed class Hunk
    {
        // So that it begins where a line does.
        public string Before { get; private set; } = "\n";

        public string After { get; private set; } = "\n";

        public void Add(string line)
        {
            if (line.Length == 0 || !" +-".Contains(line[0])) throw new FormatException($"'{line}' is no line of a hunk.");
            if (line[0] != '+') Before += line[1..] + "\n";
            if (line[0] != '-') After += line[1..] + "\n";
        }
    }
}
