using System.Reflection;
using TransactionPipeline.Core.Archive;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Google;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Marts.BigQuery;
using TransactionPipeline.Core.Pipeline;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Store.Postgres;
using TransactionPipeline.Core.Users;
using TransactionPipeline.Web.Dashboard;

namespace TransactionPipeline.Web.Hosting;

/// <summary>
/// The settings that there are. One that is misspelt would leave a default in force without a word, so it stops the start.
/// </summary>
public static class KnownSettings
{
    /// <summary>Every section that the program reads, with its options; the section <c>cluster</c> is the silo's.</summary>
    public static readonly IReadOnlyList<(string Section, Type Options)> Sections =
    [
        ("bigquery", typeof(BigQueryOptions)),
        ("cache", typeof(CacheOptions)),
        ("dashboard", typeof(DashboardOptions)),
        ("data_lake", typeof(DataLakeOptions)),
        ("data_mart", typeof(BigQueryMartOptions)),
        ("data_warehouse", typeof(BigQueryWarehouseOptions)),
        ("data_warehouse:postgres", typeof(PostgresOptions)),
        ("google", typeof(GoogleOptions)),
        ("ingestion", typeof(IngestionOptions)),
        ("marts", typeof(MartsOptions)),
        ("orchestration", typeof(OrchestrationOptions)),
        ("retention", typeof(RetentionOptions)),
        ("security", typeof(SecurityOptions)),
    ];

    /// <summary>Keys of these sections that the configuration file has for people and other tools.</summary>
    public static readonly IReadOnlyList<string> ForOthers = ["ingestion:fastapi_endpoint", "security:pii_fields", "data_warehouse:postgres:secretName"];

    /// <summary>Stops the start when a section has a key that is no setting.</summary>
    /// <exception cref="StartRefusedException">There is one; the message names it and those that there are.</exception>
    public static void Check(IConfiguration configuration)
    {
        var wrong = Sections.SelectMany(section => FindUnknown(configuration, section.Section, section.Options)).ToList();
        if (wrong.Count > 0) throw new StartRefusedException(string.Join(Environment.NewLine, wrong));
    }

    /// <summary>A sentence for each key of <paramref name="section"/>, or of a section in it, that <paramref name="options"/> does not have.</summary>
    public static IEnumerable<string> FindUnknown(IConfiguration configuration, string section, Type options)
    {
        var settings = SettingsOf(options).ToDictionary(setting => setting.Name, setting => setting.Type, StringComparer.OrdinalIgnoreCase);
        foreach (var key in configuration.GetSection(section).GetChildren())
        {
            var path = $"{section}:{key.Key}";
            if (settings.TryGetValue(key.Key, out var type))
            {
                foreach (var wrong in IsSection(type) ? FindUnknown(configuration, path, type) : []) yield return wrong;
            }
            else if (!ForOthers.Concat(Sections.Select(one => one.Section)).Contains(path, StringComparer.OrdinalIgnoreCase))
            {
                yield return $"{InEnvironment(path)} is not a setting; there are {string.Join(", ", settings.Keys.Select(name => InEnvironment($"{section}:{name.ToLowerInvariant()}")))}.";
            }
        }
    }

    /// <summary>The names and types of what is bound to <paramref name="options"/>.</summary>
    public static IEnumerable<(string Name, Type Type)> SettingsOf(Type options) => options.GetProperties()
        .Where(property => property.SetMethod?.IsPublic == true)
        .Select(property => (property.GetCustomAttribute<ConfigurationKeyNameAttribute>()?.Name ?? property.Name, property.PropertyType));

    /// <summary>True for a setting that is a section with settings of its own.</summary>
    public static bool IsSection(Type type) => type.Assembly == typeof(CacheOptions).Assembly;

    private static string InEnvironment(string path) => path.Replace(":", "__", StringComparison.Ordinal);
}
