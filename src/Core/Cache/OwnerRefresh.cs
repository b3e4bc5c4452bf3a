using Microsoft.Extensions.Logging;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Cache;

/// <summary>Has a key refreshed by its owner, in front of <see cref="LeaseRefresh"/>: it saves queries, and is never needed for a right answer.</summary>
internal sealed partial class OwnerRefresh(IRemoteOwner owner, CachedQueryContext context)
{
    /// <summary>The refresh as the key's owner does it; null when it has to be done here.</summary>
    /// <exception cref="MartException">The owner's mart could not be asked; nothing was renewed.</exception>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    public async Task<Refreshed?> TryRefreshAsync(CachedQuery key, RefreshRequest request)
    {
        var maxAge = request.BeganAt > request.NotBefore ? request.BeganAt - request.NotBefore : TimeSpan.Zero;
        var held = key.Current;
        // An owner that began from less than is known here must not be told that it is right, nor be asked in vain.
        var known = SnapshotVersion.Max(request.MinVersion, held?.Version ?? default);
        OwnersAnswer? owners;
        try
        {
            owners = await owner.AskAsync(key.Key, held, maxAge, known, request.GivenUp);
        }
        catch (MartException failed) when (failed.Failure != MartFailure.Failed && key.Current is null)
        {
            // It may be the owner's own way to the mart that is broken. With nothing to serve, one more attempt under the lease is better
            // than no answer; where the mart itself is away, this process's breaker bounds the attempts.
            owners = null;
        }
        key.OwnerName = owners?.Owner;
        if (owners is null) return null;
        var answer = owners.Answer;
        key.Adopt(answer.CheckedAt == answer.Snapshot.CheckedAt ? answer.Snapshot : answer.Snapshot with { CheckedAt = answer.CheckedAt });
        // The owner's last good answer is adopted, but its failure is this refresh's failure too: nothing was renewed.
        if (answer.Result == CacheResult.StaleOnError) throw new MartException(answer.Error!);
        var month = key.Month.State;
        if (answer.Snapshot.Version < known || key.Current is not { } adopted || adopted.Version != answer.Snapshot.Version
            || (month.Outdates(adopted) && month.AsOf <= request.BeganAt))
        {
            // Never called right because its owner says so: it knows less than is known here, by version or by what the mart has had since.
            LogOwnerBehind(context.Logger, key.Key, owners.Owner, answer.Snapshot.Version, known);
            key.OwnerName = null;
            return null;
        }
        return new(adopted, answer.Result == CacheResult.Miss, ByOwner: true);
    }

    [LoggerMessage(4, LogLevel.Warning, "The owner of {Key}, {Owner}, answered with version {Version} where {Known} is known; it is refreshed here")]
    private static partial void LogOwnerBehind(ILogger logger, QueryKey key, string owner, SnapshotVersion version, SnapshotVersion known);
}
