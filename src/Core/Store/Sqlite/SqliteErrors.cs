using Microsoft.Data.Sqlite;
using TransactionPipeline.Core.Marts;
using static SQLitePCL.raw;

namespace TransactionPipeline.Core.Store.Sqlite;

/// <summary>What SQLite's result codes mean to a person: no path, no SQL.</summary>
internal static class SqliteErrors
{
    /// <summary>True when the statement was stopped by <c>sqlite3_interrupt</c>, which only a cancelled token does here.</summary>
    public static bool IsInterrupted(SqliteException error) => error.SqliteErrorCode == SQLITE_INTERRUPT;

    public static MartException ToMartException(SqliteException error) => error.SqliteErrorCode switch
    {
        SQLITE_BUSY or SQLITE_LOCKED => new MartException(
            "The embedded store is locked by another process. Try again when that has finished.", MartFailure.Transient, error),
        SQLITE_FULL => new MartException(
            "There is no space left for the embedded store. Free some space on its disk, then try again.", MartFailure.Transient, error),
        SQLITE_IOERR => new MartException(
            "The embedded store's disk failed or is full. Look at the disk of the state directory.", MartFailure.Transient, error),
        SQLITE_READONLY or SQLITE_CANTOPEN or SQLITE_PERM => new MartException(
            "The embedded store cannot be opened or written. Check the rights of the state directory.", cause: error),
        SQLITE_CORRUPT or SQLITE_NOTADB => new MartException(
            "The embedded store's file is damaged. Restore it, or remove it and load the transactions again.", cause: error),
        SQLITE_CONSTRAINT or SQLITE_TOOBIG => new MartException(
            "A month's total is larger than the embedded store can hold (922 trillion). Correct the prices and quantities.", cause: error),
        SQLITE_ERROR when error.Message.Contains("integer overflow", StringComparison.Ordinal) => new MartException(
            "A month's total is larger than the embedded store can hold (922 trillion). Correct the prices and quantities.", cause: error),
        _ => new MartException("The embedded store failed. The server's log has the details.", cause: error),
    };
}
