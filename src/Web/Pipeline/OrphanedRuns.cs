using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Pipeline;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Web.Pipeline;

/// <summary>
/// Marks runs failed whose process died, from the start on: soon after a server was killed and started again (as soon as the dead one's
/// lease is over), and for a replica that died while others live.
/// </summary>
internal sealed partial class OrphanedRuns(
    PipelineRunner pipeline, IOptions<OrchestrationOptions> options, TimeProvider time, ILogger<OrphanedRuns> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var every = TimeSpan.FromSeconds(options.Value.LeaseSeconds / 3);
        var away = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await pipeline.FailOrphansAsync(stoppingToken);
                away = false;
            }
            catch (StoreException error)
            {
                // Said once for each outage.
                if (!away) LogAway(error);
                away = true;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            await Task.WhenAny(Task.Delay(every, time, stoppingToken));
        }
    }

    [LoggerMessage(LogLevel.Warning, "The run history cannot be read at present, so runs whose process died cannot be marked failed")]
    private partial void LogAway(Exception error);
}
