using System.Net.Sockets;
using System.Security.Authentication;
using Npgsql;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Store.Postgres;

/// <summary>What PostgreSQL's failures mean to a person: no host, no user, no SQL.</summary>
internal static class PostgresErrors
{
    /// <summary>The failure in words; null when <paramref name="error"/> has nothing to do with PostgreSQL.</summary>
    public static PostgresFailure? ToFailure(Exception error)
    {
        if (Explain(error) is not var (message, kind)) return null;
        var server = error as PostgresException ?? error.InnerException as PostgresException;
        var socket = error as SocketException ?? error.InnerException as SocketException;
        var origin = error.GetType().Name + (socket is null ? "" : $" {socket.SocketErrorCode}");
        return new PostgresFailure(message, kind, server?.SqlState, origin, error.StackTrace);
    }

    /// <summary>Runs <paramref name="work"/> and turns what PostgreSQL throws into a <see cref="PostgresFailure"/>.</summary>
    public static async Task<T> TranslateAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (Exception error) when (Explain(error) is not null)
        {
            throw ToFailure(error)!;
        }
    }

    /// <summary>As <see cref="TranslateAsync"/>, for a mart: throws a <see cref="MartException"/>.</summary>
    public static async Task<T> TranslateForMartAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (PostgresFailure failure)
        {
            throw failure.ToMartException();
        }
        catch (Exception error) when (ToFailure(error) is { } failure)
        {
            throw failure.ToMartException();
        }
    }

    private static (string Message, MartFailure Kind)? Explain(Exception error) => error switch
    {
        PostgresFailure => null,
        PostgresException server => Explain(server.SqlState),
        NpgsqlException { InnerException: PostgresException server } => Explain(server.SqlState),
        NpgsqlException { InnerException: InvalidDataException secret } => (secret.Message, MartFailure.Failed),
        InvalidDataException { InnerException: IOException or UnauthorizedAccessException } secret => (secret.Message, MartFailure.Failed),
        NpgsqlException { InnerException: AuthenticationException } => (
            "The encrypted connection to PostgreSQL could not be made. Check data_warehouse:postgres:sslmode and root_certificate.",
            MartFailure.Failed),
        // Npgsql has no type and no code for it.
        NpgsqlException { InnerException: null } when error.Message.StartsWith("SSL connection requested", StringComparison.Ordinal) => (
            "PostgreSQL does not take encrypted connections. Turn ssl on there, or check data_warehouse:postgres:sslmode.",
            MartFailure.Failed),
        NpgsqlException { InnerException: TimeoutException } or TimeoutException => (
            "PostgreSQL did not answer in time.", MartFailure.Transient),
        NpgsqlException { InnerException: InvalidCastException or OverflowException or FormatException } or OverflowException => (
            "PostgreSQL holds a value that cannot be read: a number that is too large, or not a number.", MartFailure.Failed),
        InvalidCastException => (
            "PostgreSQL holds a value that cannot be read: not a number, or of another type than the mart needs.", MartFailure.Failed),
        NpgsqlException or SocketException or IOException => (
            "PostgreSQL cannot be reached, or the connection was lost.", MartFailure.Transient),
        _ => null,
    };

    private static (string Message, MartFailure Kind) Explain(string state) => state switch
    {
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification => (
            "PostgreSQL refused the user or the password. Check the credentials of data_warehouse:postgres.", MartFailure.Failed),
        PostgresErrorCodes.InvalidCatalogName => (
            "The database that data_warehouse:postgres:dbname names does not exist.", MartFailure.Failed),
        PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn or PostgresErrorCodes.UndefinedFunction
            or PostgresErrorCodes.DatatypeMismatch or PostgresErrorCodes.InvalidDatetimeFormat or PostgresErrorCodes.CannotCoerce
            or PostgresErrorCodes.InvalidTextRepresentation => (
            "A table or column in PostgreSQL is missing or of another type than the mart needs.", MartFailure.Failed),
        PostgresErrorCodes.DuplicateTable or PostgresErrorCodes.DuplicateObject => (
            "The database has a table of the same name that this system did not make. Give it a database of its own, " +
            "with data_warehouse:postgres:dbname.", MartFailure.Failed),
        PostgresErrorCodes.InsufficientPrivilege => (
            "The PostgreSQL user may not do this. Grant it the rights it needs on the database and its tables.", MartFailure.Failed),
        PostgresErrorCodes.ReadOnlySqlTransaction => (
            "This PostgreSQL is read-only: a standby, or a user that may not write.", MartFailure.Failed),
        PostgresErrorCodes.NumericValueOutOfRange => (
            "A total is larger than the mart can hold. Correct the prices and quantities.", MartFailure.Failed),
        PostgresErrorCodes.QueryCanceled => ("PostgreSQL stopped the question because it took too long.", MartFailure.Transient),
        PostgresErrorCodes.TooManyConnections => ("PostgreSQL has no free connection.", MartFailure.Transient),
        PostgresErrorCodes.DiskFull => ("PostgreSQL has no space left on its disk.", MartFailure.Transient),
        PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow => (
            "PostgreSQL is being restarted.", MartFailure.Transient),
        PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure => (
            "PostgreSQL was busy with a change to the same rows.", MartFailure.Transient),
        _ when state.StartsWith("08", StringComparison.Ordinal) || state.StartsWith("53", StringComparison.Ordinal) => (
            "PostgreSQL cannot be reached, or has no resources left.", MartFailure.Transient),
        _ => ($"PostgreSQL failed (SQLSTATE {state}). The server's log has the details.", MartFailure.Failed),
    };
}
