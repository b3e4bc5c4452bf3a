using System.Data.Common;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Store.Postgres;

/// <summary>
/// PostgreSQL could not do what was asked. Unlike Npgsql's exceptions, which it replaces, it may be logged and shown whole: it holds
/// no host, user, password or SQL. <see cref="DbException.SqlState"/> and <see cref="Trace"/> say where it came from.
/// </summary>
public sealed class PostgresFailure : StoreException
{
    private readonly string? _sqlState;

    internal PostgresFailure(string message, MartFailure kind, string? sqlState, string origin, string? trace)
        : base(message, kind)
    {
        Origin = origin;
        Trace = trace;
        _sqlState = sqlState;
    }

    /// <summary>The kind of failure underneath: an exception's type, with a socket's error code.</summary>
    public string Origin { get; }

    /// <summary>The stack of the failure underneath.</summary>
    public string? Trace { get; }

    /// <inheritdoc/>
    public override string? SqlState => _sqlState;

    /// <inheritdoc/>
    public override string ToString() =>
        $"{nameof(PostgresFailure)}: {Message} [{Origin}{(SqlState is null ? "" : $", SQLSTATE {SqlState}")}]{Environment.NewLine}{Trace}" +
        $"{Environment.NewLine}{StackTrace}";

    internal MartException ToMartException() => new(Message, Kind, this);
}
