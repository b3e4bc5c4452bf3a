using Microsoft.Data.Sqlite;
using TransactionPipeline.Core.Marts;
using static SQLitePCL.raw;

namespace TransactionPipeline.Core.Store.Sqlite;

/// <summary>What SQLite's result codes mean to a person: no path, no SQL.</summary>
internal static class SqliteErrors
{
    private const string DiskFailed = "The embedded store's disk failed or is full. Look at the disk of the state directory.";
    private const string NoRights = "The embedded store cannot be opened or written. Check the rights of the state directory.";

    /// <summary>True when the statement was stopped by <c>sqlite3_interrupt</c>, which only a cancelled token does here.</summary>
    public static bool IsInterrupted(SqliteException error) => error.SqliteErrorCode == SQLITE_INTERRUPT;

    /// <summary>True when a file may be damaged, or lack a table (SQLITE_ERROR): which one must be looked at.</summary>
    public static bool MayBeDamage(SqliteException error) => error.SqliteErrorCode is SQLITE_CORRUPT or SQLITE_NOTADB or SQLITE_ERROR;

    /// <summary>A failure of a mart's file.</summary>
    public static MartException ToMartException(SqliteException error)
    {
        var (message, kind) = IsOverflow(error)
            ? ("A month's total is larger than the embedded store can hold (922 trillion). Correct the prices and quantities.", MartFailure.Failed)
            : Explain(error);
        return new MartException(message, kind, error);
    }

    /// <summary>The same for what the file system refused.</summary>
    public static MartException ToMartException(Exception error)
    {
        var (message, kind) = Explain(error);
        return new MartException(message, kind, error);
    }

    /// <summary>A failure of the shared store's file, from SQLite or from the file system.</summary>
    public static StoreException ToStoreException(Exception error)
    {
        var (message, kind) = Explain(error);
        return new StoreException(message, kind, error);
    }

    private static (string Message, MartFailure Kind) Explain(Exception error) => error switch
    {
        SqliteException sqlite => Explain(sqlite),
        UnauthorizedAccessException => (NoRights, MartFailure.Failed),
        _ => (DiskFailed, MartFailure.Transient),
    };

    private static (string Message, MartFailure Kind) Explain(SqliteException error) => error.SqliteErrorCode switch
    {
        SQLITE_BUSY or SQLITE_LOCKED => (
            "The embedded store is locked by another process. Try again when that has finished.", MartFailure.Transient),
        SQLITE_FULL => (
            "There is no space left for the embedded store. Free some space on its disk, then try again.", MartFailure.Transient),
        SQLITE_IOERR => (DiskFailed, MartFailure.Transient),
        SQLITE_READONLY or SQLITE_CANTOPEN or SQLITE_PERM => (NoRights, MartFailure.Failed),
        SQLITE_CORRUPT or SQLITE_NOTADB => (
            "The embedded store's file is damaged. Restore it, or remove it and load the transactions again.", MartFailure.Failed),
        _ => ("The embedded store failed. The server's log has the details.", MartFailure.Failed),
    };

    // The marts' tables are STRICT: a sum that overflows is an error or, as a floating-point number, breaks the column's type.
    private static bool IsOverflow(SqliteException error) => error.SqliteErrorCode is SQLITE_CONSTRAINT or SQLITE_TOOBIG
        || (error.SqliteErrorCode == SQLITE_ERROR && error.Message.Contains("integer overflow", StringComparison.Ordinal));
}
