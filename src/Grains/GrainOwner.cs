using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Grains.Query;

namespace TransactionPipeline.Grains;

/// <summary>Asks a key's grain, wherever it is; knows when to do without it.</summary>
internal sealed partial class GrainOwner(
    IGrainFactory grains, FallbackStore snapshots, VersionClock versions, IOptions<GrainsOptions> options, TimeProvider time,
    ILogger<GrainOwner> logger) : IRemoteOwner
{
    public async Task<OwnersAnswer?> AskAsync(
        QueryKey key, Snapshot? held, TimeSpan maxAge, SnapshotVersion minVersion, CancellationToken cancellationToken)
    {
        var question = new OwnerQuestion
        {
            MaxAge = maxAge,
            MinVersion = VersionNote.Of(minVersion),
            HeldVersion = VersionNote.Of(held?.Version ?? SnapshotVersion.None),
            Clock = versions.Last,
        };
        OwnerAnswer answer;
        var asked = time.GetUtcNow();
        try
        {
            var owner = grains.GetGrain<IQueryGrain>(key.ToString());
            answer = await WhileAliveAsync(owner, owner.AskAsync(question, cancellationToken), cancellationToken);
            if (answer.Rows is { LeftOut: > 0 and var bytes })
            {
                if (await FetchRowsAsync(owner, key, answer.Version, bytes) is not { } rows) return null;
                answer = answer with { Rows = rows };
            }
        }
        catch (Exception unreachable) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever it is, a silo that hangs, dies, leaves or speaks a newer version: the lease and its fence keep the key to one
            // writer, so the asker may do the work. It costs at most a query.
            LogUnreachable(key, unreachable.GetType().Name, unreachable.Message);
            return null;
        }
        versions.Observe(answer.Clock);
        return new(answer.ToCachedAnswer(key, held, asked), answer.Silo);
    }

    /// <summary>
    /// However long the mart takes, for as long as the owner gives signs of life. One that gives none is left to itself and not told to
    /// give up: what it works at may come yet, and is looked for in the store.
    /// </summary>
    private async Task<OwnerAnswer> WhileAliveAsync(IQueryGrain owner, Task<OwnerAnswer> answering, CancellationToken cancellationToken)
    {
        // Whatever it comes to, when nobody waits for it any more.
        _ = answering.SettledAsync();
        var half = options.Value.OwnerTimeout / 2;
        for (var isAtWork = true; ;)
        {
            await answering.WaitAsync(half, time, cancellationToken).SettledAsync();
            if (answering.IsCompleted) return await answering;
            cancellationToken.ThrowIfCancellationRequested();
            // It lives, but has no such question, or has answered it: one of the messages was lost.
            if (!isAtWork) throw new TimeoutException("the owner knows of no question");
            var living = owner.IsAtWorkAsync();
            _ = living.SettledAsync();
            await Task.WhenAny(answering, living.WaitAsync(half, time, cancellationToken));
            if (answering.IsCompleted) return await answering;
            cancellationToken.ThrowIfCancellationRequested();
            isAtWork = living.IsCompleted ? await living : throw new TimeoutException("the owner gives no sign of life");
        }
    }

    /// <summary>Rows too large for one message: by the store, where they mostly are, and else, also while it is away, in pieces. Null when the owner has others by now.</summary>
    private async Task<SnapshotRows?> FetchRowsAsync(IQueryGrain owner, QueryKey key, VersionNote version, int length)
    {
        if (await snapshots.LoadAsync(key, CancellationToken.None) is { } stored && stored.Version == version.ToVersion()) return new(stored.Rows);
        var bytes = new byte[length];
        for (var have = 0; have < length;)
        {
            // Each piece in good time, the whole however long it takes. One that fails after that is nobody's any more.
            var reading = owner.ReadAsync(version, have);
            _ = reading.SettledAsync();
            if (await reading.WaitAsync(options.Value.OwnerTimeout, time) is not { Length: > 0 } piece) return null;
            piece.CopyTo(bytes, have);
            have += piece.Length;
        }
        return SnapshotRows.Decode(bytes);
    }

    [LoggerMessage(1, LogLevel.Warning, "The owner of {Key} cannot be reached ({Error}: {Message}); this silo refreshes it under the key's lease")]
    private partial void LogUnreachable(QueryKey key, string error, string message);
}
