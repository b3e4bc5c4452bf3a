using Microsoft.Data.Sqlite;

namespace TransactionPipeline.Core.Store.Sqlite;

/// <summary>
/// The leases in <c>store.db</c>, for the processes of one machine. Each operation is one statement, so SQLite's write lock decides
/// between racing holders.
/// </summary>
/// <param name="store">The store's file.</param>
/// <param name="time">Tells when a lease is over; processes of one machine share its clock.</param>
public sealed class SqliteLeaseStore(SqliteDatabase store, TimeProvider time) : ILeaseStore
{
    /// <inheritdoc/>
    public async Task<Lease?> TryAcquireAsync(string name, string holder, TimeSpan duration, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(duration, TimeSpan.Zero);
        // A released lease keeps its row: were it deleted, the fence would start again and a holder of long ago could be the newest.
        // Nobody takes a lease twice: for a second taker of the same process it is as held as for any other.
        await using var connection = await store.OpenAsync(cancellationToken);
        await using var command = Command(connection, """
            INSERT INTO leases (name, holder, fence, expires_at) VALUES ($name, $holder, 1, $expires)
            ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, fence = fence + 1, expires_at = excluded.expires_at
            WHERE expires_at <= $now
            RETURNING fence
            """, name, holder);
        var now = time.GetUtcNow();
        command.Parameters.AddWithValue("$now", now.ToUnixTimeMilliseconds());
        command.Parameters.AddWithValue("$expires", (now + duration).ToUnixTimeMilliseconds());
        return await command.ExecuteScalarAsync(cancellationToken) is long fence ? new Lease(name, holder, fence) : null;
    }

    /// <inheritdoc/>
    public async Task<bool> RenewAsync(Lease lease, TimeSpan duration, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(duration, TimeSpan.Zero);
        // The fence alone says whether another has taken it: a holder whose time ran out with nobody waiting still holds it.
        return await SetEndAsync(lease, time.GetUtcNow() + duration, cancellationToken) == 1;
    }

    /// <inheritdoc/>
    public Task ReleaseAsync(Lease lease, CancellationToken cancellationToken) =>
        SetEndAsync(lease, DateTimeOffset.UnixEpoch, cancellationToken);

    private async Task<int> SetEndAsync(Lease lease, DateTimeOffset end, CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenAsync(cancellationToken);
        // expires_at > 0: what has been released is not held any more, even by the one who held it last.
        await using var command = Command(connection,
            "UPDATE leases SET expires_at = $expires WHERE name = $name AND holder = $holder AND fence = $fence AND expires_at > 0",
            lease.Name, lease.Holder);
        command.Parameters.AddWithValue("$fence", lease.Fence);
        command.Parameters.AddWithValue("$expires", end.ToUnixTimeMilliseconds());
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static SqliteCommand Command(SqliteConnection connection, string sql, string name, string holder)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Parameters.AddWithValue("$name", name);
        command.Parameters.AddWithValue("$holder", holder);
        return command;
    }
}
