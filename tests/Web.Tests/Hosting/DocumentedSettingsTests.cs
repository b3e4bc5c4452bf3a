using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using TransactionPipeline.Core.Configuration;
using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Web.Tests.Hosting;

/// <summary>Every setting is in a table of README or docs, and every table's setting is one.</summary>
public sealed partial class DocumentedSettingsTests
{
    // The configuration file's sections and keys that README says are not read.
    private static readonly string[] ForOthers = ["pipeline:", "transformation:", "kubernetes:", .. KnownSettings.ForOthers];

    private static readonly Lazy<HashSet<string>> Documented = new(() => new[] { "README.md", "docs/bigquery.md" }
        .SelectMany(file => Read(File.ReadAllText(PathOf(file)))).ToHashSet(StringComparer.OrdinalIgnoreCase));

    private static IEnumerable<string> Settings => KnownSettings.Sections.SelectMany(section => KeysOf(section.Options, section.Section))
        .Select(key => MartName().Replace(key, "marts:guard:MART:"));

    [Fact]
    public void Settings_OfEverySection_AreDocumented() => Assert.Empty(Settings.Except(Documented.Value, StringComparer.OrdinalIgnoreCase));

    [Fact]
    public void Settings_ThatAreDocumented_Exist() => Assert.Empty(Documented.Value
        .Where(key => !key.EndsWith(":*", StringComparison.Ordinal))
        .Where(key => KnownSettings.Sections.Any(section => key.StartsWith(section.Section + ":", StringComparison.OrdinalIgnoreCase)))
        .Except(Settings, StringComparer.OrdinalIgnoreCase));

    [Fact]
    public void Settings_OfTheConfigurationFile_AreDocumentedOrSaidToBeForOthers()
    {
        var given = new ConfigurationBuilder().AddYamlFile(PathOf("data/pipeline_config.yaml")).Build()
            .AsEnumerable().Where(entry => entry.Value is not null)
            // A list's entries are one setting.
            .Select(entry => ListIndex().Replace(entry.Key, "")).Distinct(StringComparer.OrdinalIgnoreCase);

        Assert.Empty(given.Where(key => !ForOthers.Any(other => key.StartsWith(other, StringComparison.OrdinalIgnoreCase)))
            .Except(Documented.Value, StringComparer.OrdinalIgnoreCase));
    }

    // | `a:b:one`, `:two` | ...: the second is a:b:two.
    private static IEnumerable<string> Read(string markdown)
    {
        foreach (var row in markdown.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)))
        {
            var section = "";
            foreach (var name in Quoted().Matches(row.Split('|')[1]).Select(match => match.Groups["name"].Value))
            {
                if (!name.StartsWith(':')) section = name.Contains(':', StringComparison.Ordinal) ? name[..name.LastIndexOf(':')] : "";
                yield return name.StartsWith(':') ? section + name : name;
            }
        }
    }

    private static IEnumerable<string> KeysOf(Type options, string section) => KnownSettings.SettingsOf(options).SelectMany(setting =>
    {
        var key = $"{section}:{setting.Name}";
        return KnownSettings.IsSection(setting.Type) ? KeysOf(setting.Type, key)
            : setting.Type == typeof(Dictionary<string, string>) ? [$"{key}:NAME"]
            : [key];
    });

    private static string PathOf(string file)
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "TransactionPipeline.sln"))) directory = directory.Parent!;
        return Path.Combine(directory.FullName, file);
    }

    [GeneratedRegex("`(?<name>[^`]+)`", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Quoted();

    [GeneratedRegex(":[0-9]+$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ListIndex();

    [GeneratedRegex("^marts:guard:(warehouse|operational):", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MartName();
}
