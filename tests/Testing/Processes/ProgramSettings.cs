using TransactionPipeline.Core.Store.Postgres;

namespace TransactionPipeline.Testing;

/// <summary>Settings of the program in the form of environment variables.</summary>
internal static class ProgramSettings
{
    /// <summary>PostgreSQL plays both marts and is the shared store; no sample data.</summary>
    public static Dictionary<string, string> Over(PostgresOptions postgres) => new(StringComparer.Ordinal)
    {
        ["ingestion__sample"] = "",
        ["data_warehouse__postgres__host"] = postgres.Host,
        ["data_warehouse__postgres__port"] = $"{postgres.Port}",
        ["data_warehouse__postgres__dbname"] = postgres.Database,
        ["data_warehouse__postgres__user"] = postgres.User!,
        ["data_warehouse__postgres__password"] = postgres.Password!,
    };

    /// <summary>These, and others in their place.</summary>
    public static Dictionary<string, string> With(this Dictionary<string, string> settings, IReadOnlyDictionary<string, string>? others)
    {
        var all = new Dictionary<string, string>(settings, StringComparer.Ordinal);
        foreach (var (name, value) in others ?? new Dictionary<string, string>(StringComparer.Ordinal)) all[name] = value;
        return all;
    }
}
