namespace TransactionPipeline.Core.Store.Sqlite;

/// <summary>
/// The shared store's schema in SQLite (<c>store.db</c>): users, snapshots and leases, batches with their rejects, runs, counts of the
/// day. It is apart from the mart's file, so that a long load never holds up a sign-in or a snapshot. Times are Unix milliseconds, those of
/// snapshots microseconds.
/// </summary>
internal static class StoreSchema
{
    public static IReadOnlyList<string> Migrations { get; } =
    [
        """
        CREATE TABLE users (
            name TEXT PRIMARY KEY,
            password_hash TEXT NOT NULL,
            roles TEXT NOT NULL,
            disabled INTEGER NOT NULL DEFAULT 0,
            stamp TEXT NOT NULL,
            changed_at INTEGER NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE leases (
            name TEXT PRIMARY KEY,
            holder TEXT NOT NULL,
            fence INTEGER NOT NULL,
            expires_at INTEGER NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE snapshots (
            key TEXT PRIMARY KEY,
            version INTEGER NOT NULL,
            fence INTEGER NOT NULL,
            data_version TEXT NOT NULL,
            data_as_of INTEGER NOT NULL,
            checked_at INTEGER NOT NULL,
            content BLOB
        );

        CREATE TABLE batches (
            id TEXT PRIMARY KEY,
            status TEXT NOT NULL,
            source TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            completed_at INTEGER,
            accepted INTEGER NOT NULL,
            rejected INTEGER NOT NULL,
            inserted INTEGER,
            replaced INTEGER,
            unchanged INTEGER,
            duplicates INTEGER
        ) WITHOUT ROWID;
        CREATE INDEX batches_by_status ON batches (status, completed_at, id);

        CREATE TABLE rejected_transactions (
            batch TEXT NOT NULL,
            line INTEGER NOT NULL,
            field TEXT NOT NULL,
            reason TEXT NOT NULL,
            PRIMARY KEY (batch, line)
        ) WITHOUT ROWID;

        CREATE TABLE runs (
            id TEXT PRIMARY KEY,
            dag TEXT NOT NULL,
            trigger TEXT NOT NULL,
            fire_time INTEGER UNIQUE,
            status TEXT NOT NULL,
            owner TEXT NOT NULL,
            attempt INTEGER NOT NULL,
            step TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            finished_at INTEGER,
            next_attempt_at INTEGER,
            error TEXT,
            batches INTEGER NOT NULL,
            inserted INTEGER NOT NULL,
            replaced INTEGER NOT NULL,
            unchanged INTEGER NOT NULL,
            duplicates INTEGER NOT NULL,
            months INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX runs_by_status ON runs (status);
        """,
        """
        CREATE TABLE daily_counts (
            name TEXT NOT NULL,
            day TEXT NOT NULL,
            count INTEGER NOT NULL,
            PRIMARY KEY (name, day)
        ) WITHOUT ROWID;
        """,
        "ALTER TABLE runs ADD COLUMN note TEXT",
        """
        ALTER TABLE snapshots ADD COLUMN issuer INTEGER NOT NULL DEFAULT 0;

        -- The highest version that was ever stored for a mart and month, whatever became of the snapshot.
        CREATE TABLE month_versions (
            month TEXT PRIMARY KEY,
            version INTEGER NOT NULL,
            issuer INTEGER NOT NULL
        ) WITHOUT ROWID;
        INSERT INTO month_versions
        SELECT substr(key, 1, instr(key, '/') + length('2023-10')) AS month, max(version), 0 FROM snapshots GROUP BY month;
        """,
        """
        -- When a mart and month was last seen to have a change token: what is stored under that token was right then.
        CREATE TABLE month_checks (
            month TEXT NOT NULL,
            data_version TEXT NOT NULL,
            checked_at INTEGER NOT NULL,
            PRIMARY KEY (month, data_version)
        ) WITHOUT ROWID;
        """,
        """
        -- When somebody last asked for it, to the day; null until that is another than the last check.
        ALTER TABLE snapshots ADD COLUMN used_at INTEGER;
        """,
    ];
}
