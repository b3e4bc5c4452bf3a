namespace TransactionPipeline.Core.Store.Sqlite;

/// <summary>
/// The leases in <c>store.db</c>, for the processes of one machine. Each operation is one statement, so SQLite's write lock decides
/// between racing holders.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="time">Tells when a lease is over; processes of one machine share its clock.</param>
public sealed class SqliteLeaseStore(SqliteStore store, TimeProvider time) : ILeaseTable
{
    /// <inheritdoc/>
    public async Task<Lease?> TryAcquireAsync(string name, string holder, TimeSpan duration, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(duration, TimeSpan.Zero);
        // A released lease keeps its row: were it deleted, the fence would start again and a holder of long ago could be the newest.
        // Nobody takes a lease twice: for a second taker of the same process it is as held as for any other.
        var now = time.GetUtcNow();
        var fences = await store.QueryAsync(
            """
            INSERT INTO leases (name, holder, fence, expires_at) VALUES ($name, $holder, 1, $expires)
            ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, fence = fence + 1, expires_at = excluded.expires_at
            WHERE expires_at <= $now
            RETURNING fence
            """,
            row => row.GetInt64(0),
            [
                ("$name", name), ("$holder", holder), ("$now", now.ToUnixTimeMilliseconds()),
                ("$expires", (now + duration).ToUnixTimeMilliseconds()),
            ],
            cancellationToken);
        return fences.Count == 0 ? null : new Lease(name, holder, fences[0]);
    }

    /// <inheritdoc/>
    public async Task<bool> RenewAsync(Lease lease, TimeSpan duration, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(duration, TimeSpan.Zero);
        // The fence alone says whether another has taken it: a holder whose time ran out with nobody waiting still holds it.
        return await SetEndAsync(lease, time.GetUtcNow() + duration, cancellationToken) == 1;
    }

    /// <inheritdoc/>
    public async Task<string?> FindHolderAsync(string name, CancellationToken cancellationToken) => (await store.QueryAsync(
        "SELECT holder FROM leases WHERE name = $name AND expires_at > $now", row => row.GetString(0),
        [("$name", name), ("$now", time.GetUtcNow().ToUnixTimeMilliseconds())], cancellationToken)).SingleOrDefault();

    /// <inheritdoc/>
    public async Task<Lease?> TakeOverAsync(string name, string ended, string holder, TimeSpan duration, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(duration, TimeSpan.Zero);
        var fences = await store.QueryAsync(
            "UPDATE leases SET holder = $holder, fence = fence + 1, expires_at = $expires WHERE name = $name AND holder = $ended RETURNING fence",
            row => row.GetInt64(0),
            [
                ("$name", name), ("$ended", ended), ("$holder", holder),
                ("$expires", (time.GetUtcNow() + duration).ToUnixTimeMilliseconds()),
            ],
            cancellationToken);
        return fences.Count == 0 ? null : new Lease(name, holder, fences[0]);
    }

    /// <inheritdoc/>
    public Task ReleaseAsync(Lease lease, CancellationToken cancellationToken) =>
        SetEndAsync(lease, DateTimeOffset.UnixEpoch, cancellationToken);

    // expires_at > 0: what has been released is not held any more, even by the one who held it last.
    private Task<int> SetEndAsync(Lease lease, DateTimeOffset end, CancellationToken cancellationToken) => store.ExecuteAsync(
        "UPDATE leases SET expires_at = $expires WHERE name = $name AND holder = $holder AND (fence = $fence OR $fence = 0) AND expires_at > 0",
        [("$name", lease.Name), ("$holder", lease.Holder), ("$fence", lease.Fence), ("$expires", end.ToUnixTimeMilliseconds())],
        cancellationToken);
}
