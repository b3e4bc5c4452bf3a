using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Grains.Query;

namespace TransactionPipeline.Grains;

/// <summary>Asks a key's grain, wherever it is; knows when to do without it.</summary>
internal sealed partial class GrainOwner(
    IGrainFactory grains, VersionClock versions, IOptions<GrainsOptions> options, TimeProvider time, ILogger<GrainOwner> logger) : IRemoteOwner
{
    public async Task<OwnersAnswer?> AskAsync(QueryKey key, Snapshot? held, TimeSpan maxAge, SnapshotVersion minVersion)
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
            using var patience = new CancellationTokenSource(options.Value.OwnerTimeout, time);
            answer = await grains.GetGrain<IQueryGrain>(key.ToString()).AskAsync(question, patience.Token);
        }
        catch (Exception unreachable)
        {
            // Whatever it is, a silo that hangs, dies, leaves or speaks a newer version: the lease and its fence keep the key to one
            // writer, so the asker may do the work. It costs at most a query.
            LogUnreachable(key, unreachable.GetType().Name, unreachable.Message);
            return null;
        }
        versions.Observe(answer.Clock);
        return new(answer.ToCachedAnswer(key, held, asked), answer.Silo);
    }

    [LoggerMessage(1, LogLevel.Warning, "The owner of {Key} cannot be reached ({Error}: {Message}); this silo refreshes it under the key's lease")]
    private partial void LogUnreachable(QueryKey key, string error, string message);
}
