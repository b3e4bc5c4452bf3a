namespace TransactionPipeline.Core.Store.Postgres;

/// <summary>
/// The leases in PostgreSQL. Its clock alone tells when a lease is over, so the replicas' clocks need not agree. Each operation is one
/// statement, and the row's lock decides between racing holders.
/// </summary>
public sealed class PostgresLeaseStore(PostgresStore store) : ILeaseTable
{
    /// <inheritdoc/>
    public async Task<Lease?> TryAcquireAsync(string name, string holder, TimeSpan duration, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(duration, TimeSpan.Zero);
        // A released lease keeps its row: were it deleted, the fence would start again and a holder of long ago could be the newest.
        // Nobody takes a lease twice: for a second taker of the same process it is as held as for any other.
        var fences = await store.QueryAsync(
            """
            INSERT INTO leases AS held (name, holder, fence, expires_at) VALUES ($1, $2, 1, clock_timestamp() + $3)
            ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, fence = held.fence + 1, expires_at = clock_timestamp() + $3
            WHERE held.expires_at <= clock_timestamp()
            RETURNING fence
            """, row => row.GetInt64(0), [name, holder, duration], cancellationToken);
        return fences.Count == 0 ? null : new Lease(name, holder, fences[0]);
    }

    /// <inheritdoc/>
    public async Task<bool> RenewAsync(Lease lease, TimeSpan duration, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(duration, TimeSpan.Zero);
        // The fence alone says whether another has taken it: a holder whose time ran out with nobody waiting still holds it. What has
        // been released (-infinity) is not held any more, even by the one who held it last.
        return await store.ExecuteAsync(
            """
            UPDATE leases SET expires_at = clock_timestamp() + $4
            WHERE name = $1 AND holder = $2 AND fence = $3 AND expires_at > '-infinity'
            """, [lease.Name, lease.Holder, lease.Fence, duration], cancellationToken) == 1;
    }

    /// <inheritdoc/>
    public async Task<string?> FindHolderAsync(string name, CancellationToken cancellationToken) => (await store.QueryAsync(
        "SELECT holder FROM leases WHERE name = $1 AND expires_at > clock_timestamp()", row => row.GetString(0), [name], cancellationToken)).SingleOrDefault();

    /// <inheritdoc/>
    public async Task<Lease?> TakeOverAsync(string name, string ended, string holder, TimeSpan duration, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(duration, TimeSpan.Zero);
        var fences = await store.QueryAsync(
            """
            UPDATE leases SET holder = $3, fence = fence + 1, expires_at = clock_timestamp() + $4 WHERE name = $1 AND holder = $2 RETURNING fence
            """, row => row.GetInt64(0), [name, ended, holder, duration], cancellationToken);
        return fences.Count == 0 ? null : new Lease(name, holder, fences[0]);
    }

    /// <inheritdoc/>
    public Task ReleaseAsync(Lease lease, CancellationToken cancellationToken) => store.ExecuteAsync(
        "UPDATE leases SET expires_at = '-infinity' WHERE name = $1 AND holder = $2 AND (fence = $3 OR $3 = 0)",
        [lease.Name, lease.Holder, lease.Fence], cancellationToken);
}
