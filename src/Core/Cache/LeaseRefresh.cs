using Microsoft.Extensions.Logging;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Cache;

/// <summary>
/// Refreshes a key under its lease, one at a time over all processes: asks the mart for the change token, for the rows when that is
/// another, and commits under the lease's fence, which has the last word.
/// </summary>
internal sealed partial class LeaseRefresh(KeyTable table, CachedQueryContext context)
{
    private static readonly TimeSpan OtherHolderPoll = TimeSpan.FromMilliseconds(50);

    /// <summary>Refreshes it, or takes over what another process has done.</summary>
    /// <exception cref="Marts.MartException">The mart could not be asked; nothing was renewed.</exception>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    public async Task<Refreshed> RefreshAsync(CachedQuery key, RefreshRequest request)
    {
        await key.LoadStoredAsync();
        while (true)
        {
            // Another process may have done the work already.
            if (await AdoptStoredAsync(key, request) is { } adopted) return new(adopted, Queried: false);

            // Renewed while the refresh runs: however long the mart takes, only a holder that died is replaced.
            var held = await HeldLease.TryTakeAsync(
                context.Leases, key.Key.ToString(), context.Holder, context.Options.Lease, context.Time, CancellationToken.None);
            if (held is not null)
            {
                await using var giveBack = held;
                // Once more under the lease: it may have been committed between the look and the taking.
                if (await AdoptStoredAsync(key, request) is { } late) return new(late, Queried: false);
                if (await AskMartAsync(key, held.Lease, request) is { } refreshed) return refreshed;
                LogLeaseLost(context.Logger, key.Key, held.Lease.Fence);
            }
            else if (!request.Wait)
            {
                return default;
            }
            await Task.Delay(OtherHolderPoll, context.Time, request.GivenUp);
        }
    }

    /// <summary>The change token first, then at most one query. Null when the lease was lost meanwhile: nothing was kept.</summary>
    private async Task<Refreshed?> AskMartAsync(CachedQuery key, Lease lease, RefreshRequest request)
    {
        var mart = context.Sources[key.Key.Mart];
        var began = context.Now();
        // The token is read before the rows: rows that are newer than their token cost one more query, never a missed change.
        var token = await mart.GetChangeTokenAsync(key.Key.Month, request.GivenUp);
        key.Month.Hear(token, began, context.Now());
        var unchanged = key.Current is { } held && held.DataVersion == token ? held : null;
        var queried = false;
        Snapshot next;
        if (unchanged is not null)
        {
            next = unchanged with { CheckedAt = began };
            // Somebody has a higher version of what is the newest content by the mart's own word: so this gets one above it.
            if (unchanged.Version < request.MinVersion) next = next with { Version = context.Versions.Next(request.MinVersion) };
        }
        else
        {
            var rows = table.FindBroader(key.Key, token)?.Rows.WithPrefix(key.Key.Prefix);
            queried = rows is null;
            rows ??= await mart.ReadAsync(key.Key, request.GivenUp);
            next = new Snapshot(key.Key, context.Versions.Next(request.MinVersion), token, began, began, rows);
        }
        while (true)
        {
            var committed = await context.Snapshots.CommitAsync(lease, next, CancellationToken.None);
            if (committed.Outcome == CommitOutcome.LeaseLost) return null;
            if (committed.Outcome == CommitOutcome.Stored) break;
            next = next with { Version = context.Versions.Next(committed.Newest) };
        }
        key.Adopt(next);
        var took = context.Now() - began;
        CacheMetrics.Refreshed(key.Key.Mart, unchanged is not null ? "unchanged" : queried ? "queried" : "derived", took);
        LogRefreshed(context.Logger, key.Key, next.Version, next.Rows.Count, queried, took.TotalSeconds);
        return new(Kept(key, request) ?? next, queried);
    }

    /// <summary>
    /// What the key has now, with the month's check, which is no longer the month's once that has changed; null when it will not do. What was
    /// made for the key is not what it has when a look that began later found another token meanwhile. Who waits gets what the next one
    /// will get: else the answers of one process would go back.
    /// </summary>
    private static Snapshot? Kept(CachedQuery key, RefreshRequest request)
    {
        var month = key.Month.State;
        return key.Current is { } held && month.CheckedAt(held) >= request.NotBefore && held.Version >= request.MinVersion
            ? held with { CheckedAt = month.CheckedAt(held) }
            : null;
    }

    /// <summary>Brings in what the store has, when it is newer; returns it when it is fresh enough to need no refresh.</summary>
    private async Task<Snapshot?> AdoptStoredAsync(CachedQuery key, RefreshRequest request)
    {
        if (await context.Snapshots.FindAsync(key.Key, CancellationToken.None) is { } head)
        {
            if (key.Current is { } held && held.Version == head.Version) key.Adopt(held with { CheckedAt = head.CheckedAt });
            else if (key.Current is null || head.Version > key.Current.Version) await key.AdoptContentAsync();
        }
        // What is known to be outdated here is not made good by another's clock: then the mart itself is asked.
        return key.Current is { } now && key.Month.State.Outdates(now) ? null : Kept(key, request);
    }

    [LoggerMessage(1, LogLevel.Information, "Refreshed {Key}: version {Version}, {Rows} rows, queried: {Queried}, {Seconds:F3} s")]
    private static partial void LogRefreshed(ILogger logger, QueryKey key, SnapshotVersion version, int rows, bool queried, double seconds);

    [LoggerMessage(3, LogLevel.Warning, "Refresh of {Key} came too late: its lease (fence {Fence}) is another's now; its rows are dropped")]
    private static partial void LogLeaseLost(ILogger logger, QueryKey key, long fence);
}
