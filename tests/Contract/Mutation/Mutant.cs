using System.Reflection;

namespace TransactionPipeline.Contract.Mutation;

/// <summary>A small deliberate bug of the cache, one of <c>Mutants/*.patch</c>.</summary>
/// <param name="Name">The patch's name.</param>
/// <param name="Breaks">What it breaks: the patch's first line.</param>
/// <param name="Rule">The rule that has to catch it: the patch's second line.</param>
/// <param name="IsRestored">Whether it takes out the mending of a fault that the cache once had.</param>
/// <param name="Patch">The patch.</param>
internal sealed record Mutant(string Name, string Breaks, string Rule, bool IsRestored, Patch Patch)
{
    private const string Extension = ".patch";
    private const string RulePrefix = "Rule: ";

    /// <summary>All of them, by name.</summary>
    public static IReadOnlyList<Mutant> All { get; } =
    [
        .. Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(name => name.EndsWith(Extension, StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(Read),
    ];

    private static Mutant Read(string resource)
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)!);
        var text = reader.ReadToEnd();
        var head = text.Split('\n', 4);
        if (!head[1].StartsWith(RulePrefix, StringComparison.Ordinal)) throw new FormatException($"The second line of {resource} does not name a rule.");
        return new(resource[..^Extension.Length], head[0], head[1][RulePrefix.Length..], head[2].StartsWith("Restored: ", StringComparison.Ordinal), Patch.Parse(text));
    }
}
