namespace TransactionPipeline.Core.Store.Postgres;

/// <summary>
/// The shared store's schema in PostgreSQL: users, snapshots and leases, batches with their rejects, runs, and the keys that protect
/// cookies. The tables are those of the SQLite store, with PostgreSQL's own types.
/// </summary>
internal static class PostgresStoreSchema
{
    public static IReadOnlyList<string> Migrations { get; } =
    [
        """
        CREATE TABLE users (
            name text COLLATE "C" PRIMARY KEY,
            password_hash text NOT NULL,
            roles text NOT NULL,
            disabled boolean NOT NULL DEFAULT false,
            stamp text NOT NULL,
            changed_at timestamptz NOT NULL
        );

        CREATE TABLE leases (
            name text COLLATE "C" PRIMARY KEY,
            holder text NOT NULL,
            fence bigint NOT NULL,
            expires_at timestamptz NOT NULL
        );

        CREATE TABLE snapshots (
            key text COLLATE "C" PRIMARY KEY,
            version bigint NOT NULL,
            fence bigint NOT NULL,
            data_version text NOT NULL,
            data_as_of timestamptz NOT NULL,
            checked_at timestamptz NOT NULL,
            content bytea
        );
        -- It is compressed already.
        ALTER TABLE snapshots ALTER COLUMN content SET STORAGE EXTERNAL;

        CREATE TABLE data_protection_keys (
            name text COLLATE "C" PRIMARY KEY,
            xml text NOT NULL
        );
        """,
    ];
}
