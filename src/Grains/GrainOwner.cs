using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Grains.Query;

namespace TransactionPipeline.Grains;

/// <summary>Asks a key's grain, wherever it is; knows when to do without it.</summary>
internal sealed partial class GrainOwner(
    IGrainFactory grains, IOptions<GrainsOptions> options, TimeProvider time, ILogger<GrainOwner> logger) : IRemoteOwner
{
    public async Task<OwnersAnswer?> AskAsync(QueryKey key, Snapshot? held, TimeSpan maxAge, long minVersion)
    {
        var question = new OwnerQuestion
        {
            MaxAge = maxAge,
            MinVersion = minVersion,
            HeldVersion = held?.Version ?? 0,
            HeldAsOf = held?.DataAsOf ?? default,
        };
        OwnerAnswer answer;
        try
        {
            answer = await grains.GetGrain<IQueryGrain>(key.ToString()).AskAsync(question).WaitAsync(options.Value.OwnerTimeout, time).ConfigureAwait(false);
        }
        catch (Exception unreachable)
        {
            // Whatever it is, a silo that hangs, dies, leaves or speaks a newer version: the lease and its fence keep the key to one
            // writer, so the asker may do the work. It costs at most a query.
            LogUnreachable(key, unreachable.GetType().Name, unreachable.Message);
            return null;
        }
        return new(answer.ToCachedAnswer(key, held), answer.Silo);
    }

    [LoggerMessage(1, LogLevel.Warning, "The owner of {Key} cannot be reached ({Error}: {Message}); this silo refreshes it under the key's lease")]
    private partial void LogUnreachable(QueryKey key, string error, string message);
}
