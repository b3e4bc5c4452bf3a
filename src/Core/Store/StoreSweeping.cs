using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace TransactionPipeline.Core.Store;

/// <summary>
/// Sweeps the shared store once a day, in one of the processes that share it: whoever takes the day's lease. Without it the prefixes
/// that callers make up would fill the store for ever.
/// </summary>
public sealed partial class StoreSweeping(
    IStoreSweeper sweeper, ILeaseStore leases, IOptions<RetentionOptions> options, TimeProvider time, ILogger<StoreSweeping> logger)
    : BackgroundService
{
    private const string LeaseName = "store/sweep";
    private static readonly TimeSpan LookEvery = TimeSpan.FromHours(1);

    // Never given back: it is the mark that this day's sweep is done.
    private static readonly TimeSpan LeaseTime = TimeSpan.FromHours(23.5);

    /// <summary>One look: sweeps unless a process did so within the last day. A store that is away is left for the next look.</summary>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await leases.TryAcquireAsync(LeaseName, $"{Guid.NewGuid():N}", LeaseTime, cancellationToken) is null) return;
            var now = time.GetUtcNow();
            LogSwept(await sweeper.SweepAsync(
                now - TimeSpan.FromDays(options.Value.SnapshotDays), now - TimeSpan.FromDays(options.Value.HistoryDays), cancellationToken));
        }
        catch (StoreException away)
        {
            LogFailed(away);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            // Not at once: a start has better things to do.
            await Task.WhenAny(Task.Delay(LookEvery, time, stoppingToken));
            if (!stoppingToken.IsCancellationRequested) await SweepAsync(stoppingToken);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Swept the shared store: {Rows} rows were too old to be of use")]
    private partial void LogSwept(int rows);

    [LoggerMessage(2, LogLevel.Warning, "The shared store could not be swept; tried again in an hour or a day")]
    private partial void LogFailed(Exception error);
}
