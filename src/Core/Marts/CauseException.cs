using System.Data.Common;
using System.Net.Sockets;
using Microsoft.Data.Sqlite;

namespace TransactionPipeline.Core.Marts;

/// <summary>
/// What an error of this program may carry of a library's exception: its kind, its code and its stack, for logs. A library's own words
/// may name hosts, files, accounts or SQL, and are left out. <see cref="Of"/> is the one place where that is decided.
/// </summary>
public sealed class CauseException : Exception
{
    private readonly string? _stackTrace;

    private CauseException(Exception cause)
        : base(Describe(cause), Of(cause.InnerException)) => _stackTrace = cause.StackTrace;

    /// <inheritdoc/>
    public override string? StackTrace => _stackTrace;

    /// <summary>
    /// <paramref name="cause"/> as it may be logged: an exception of this program itself, whose words are our own; of any other, and of
    /// those beneath it, the summary.
    /// </summary>
    public static Exception? Of(Exception? cause) =>
        cause is null || cause.GetType().Assembly == typeof(CauseException).Assembly ? cause : new CauseException(cause);

    private static string Describe(Exception cause) => cause switch
    {
        SocketException socket => $"{Name(cause)} {socket.SocketErrorCode}",
        HttpRequestException http => $"{Name(cause)} {http.HttpRequestError} {(int?)http.StatusCode}".TrimEnd(),
        SqliteException sqlite => $"{Name(cause)} {sqlite.SqliteExtendedErrorCode}",
        DbException database => $"{Name(cause)} {database.SqlState}".TrimEnd(),
        IOException file => $"{Name(cause)} {file.HResult}",
        _ => Name(cause),
    };

    private static string Name(Exception cause) => cause.GetType().Name;
}
