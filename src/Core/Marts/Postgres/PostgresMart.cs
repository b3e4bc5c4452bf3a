using TransactionPipeline.Core.Store.Postgres;

namespace TransactionPipeline.Core.Marts.Postgres;

/// <summary>The marts in a PostgreSQL database.</summary>
public static class PostgresMart
{
    /// <summary>The key under which a host registers the marts' <see cref="PostgresSchema"/>.</summary>
    public const string ServiceKey = "postgres-mart";

    /// <summary>The channel that is notified, with the changed months as <c>YYYY-MM,YYYY-MM</c> (empty: many), when a transform commits.</summary>
    public const string Channel = "mart_changed";

    internal const string StoreName = "postgres";

    /// <summary>The marts' tables in <paramref name="database"/>.</summary>
    public static PostgresSchema SchemaIn(PostgresDatabase database) => new(database, "mart", PostgresMartSchema.Migrations);
}
