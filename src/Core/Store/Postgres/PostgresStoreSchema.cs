namespace TransactionPipeline.Core.Store.Postgres;

/// <summary>
/// The shared store's schema in PostgreSQL: users, snapshots and leases, batches with their rejects, runs, counts of the day, and the
/// keys that protect cookies. The tables are those of the SQLite store, with PostgreSQL's own types.
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

        CREATE TABLE batches (
            id text COLLATE "C" PRIMARY KEY,
            status text NOT NULL,
            source text NOT NULL,
            started_at timestamptz NOT NULL,
            completed_at timestamptz,
            accepted bigint NOT NULL,
            rejected bigint NOT NULL,
            inserted bigint,
            replaced bigint,
            unchanged bigint,
            duplicates bigint
        );
        CREATE INDEX batches_by_status ON batches (status, completed_at, id);

        CREATE TABLE rejected_transactions (
            batch text COLLATE "C" NOT NULL,
            line bigint NOT NULL,
            field text NOT NULL,
            reason text NOT NULL,
            PRIMARY KEY (batch, line)
        );

        CREATE TABLE runs (
            id text COLLATE "C" PRIMARY KEY,
            dag text NOT NULL,
            trigger text NOT NULL,
            fire_time timestamptz UNIQUE,
            status text NOT NULL,
            owner text NOT NULL,
            attempt integer NOT NULL,
            step text NOT NULL,
            started_at timestamptz NOT NULL,
            finished_at timestamptz,
            next_attempt_at timestamptz,
            error text,
            batches integer NOT NULL,
            inserted bigint NOT NULL,
            replaced bigint NOT NULL,
            unchanged bigint NOT NULL,
            duplicates bigint NOT NULL,
            months integer NOT NULL
        );
        CREATE INDEX runs_by_status ON runs (status);

        CREATE TABLE data_protection_keys (
            name text COLLATE "C" PRIMARY KEY,
            xml text NOT NULL
        );
        """,
        """
        CREATE TABLE daily_counts (
            name text COLLATE "C" NOT NULL,
            day date NOT NULL,
            count bigint NOT NULL,
            PRIMARY KEY (name, day)
        );
        """,
        "ALTER TABLE runs ADD COLUMN note text",
        """
        ALTER TABLE snapshots ADD COLUMN issuer bigint NOT NULL DEFAULT 0;

        -- The highest version that was ever stored for a mart and month, whatever became of the snapshot.
        CREATE TABLE month_versions (
            month text COLLATE "C" PRIMARY KEY,
            version bigint NOT NULL,
            issuer bigint NOT NULL
        );
        INSERT INTO month_versions
        SELECT split_part(key, '/', 1) || '/' || split_part(key, '/', 2) AS month, max(version), 0 FROM snapshots GROUP BY month;
        """,
        """
        -- When a mart and month was last seen to have a change token: what is stored under that token was right then.
        CREATE TABLE month_checks (
            month text COLLATE "C" NOT NULL,
            data_version text COLLATE "C" NOT NULL,
            checked_at timestamptz NOT NULL,
            PRIMARY KEY (month, data_version)
        );
        """,
        """
        -- When somebody last asked for it, to the day; null until that is another than the last check.
        ALTER TABLE snapshots ADD COLUMN used_at timestamptz;
        """,
    ];
}
