using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Pipeline;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Web.Pipeline;

/// <summary>In Development, fills empty marts with the sample file before the app says that it has started: a newcomer sees answers.</summary>
internal sealed partial class SampleLoader(
    IHostEnvironment environment, IOptions<IngestionOptions> options, IReadOnlyDictionary<Mart, IMartSource> marts,
    TransactionReceiver receiver, PipelineRunner pipeline, ILogger<SampleLoader> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!environment.IsDevelopment() || string.IsNullOrWhiteSpace(options.Value.Sample)) return;
        var path = PipelineConfiguration.ResolveFile(options.Value.Sample, environment.ContentRootPath);
        try
        {
            if (await marts[Mart.Operational].FindNewestMonthAsync(cancellationToken) is not null) return;
            await using var file = File.OpenRead(path);
            await receiver.ReceiveAsync(file, Path.GetFileName(path), progress: null, cancellationToken);
            var run = await pipeline.RunAsync("sample", retry: false, cancellationToken);
            LogLoaded(logger, options.Value.Sample, run.Status, run.Loaded.Inserted);
        }
        // Without the sample the app is as good as with it.
        catch (Exception error) when (error is
            IOException or UnauthorizedAccessException or MartException or StoreException or TransactionFileException)
        {
            LogNotLoaded(logger, error, options.Value.Sample);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(LogLevel.Information, "The marts were empty, so the sample {File} was loaded: {Status}, {Count} transactions")]
    private static partial void LogLoaded(ILogger logger, string file, RunStatus status, long count);

    [LoggerMessage(LogLevel.Warning, "The marts are empty, and the sample {File} could not be loaded")]
    private static partial void LogNotLoaded(ILogger logger, Exception error, string file);
}
