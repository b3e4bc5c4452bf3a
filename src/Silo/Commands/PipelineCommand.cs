using System.CommandLine;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Pipeline;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Silo.Commands;

/// <summary>
/// <c>pipeline run</c>: one run of transform_sales_mart in the foreground, for cron jobs; waits its turn when another process runs it.
/// Exit code 0 when it succeeded.
/// </summary>
internal static class PipelineCommand
{
    public static Command Create(Func<IHost> createHost)
    {
        var run = new Command("run", "Run transform_sales_mart once: load, transform, export");
        run.SetAction((parsed, cancellationToken) => RunAsync(createHost, parsed, cancellationToken));
        return new Command("pipeline", "The pipeline") { run };
    }

    private static async Task<int> RunAsync(Func<IHost> createHost, ParseResult parsed, CancellationToken cancellationToken)
    {
        var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
        try
        {
            var host = createHost();
            // Asynchronously: the pipeline's runner knows no other way.
            await using var disposing = (IAsyncDisposable)host;
            foreach (var store in host.Services.GetServices<ITransactionStore>()) await store.PrepareAsync(cancellationToken);
            // The caller (a CronJob, a shell) repeats a failure by its own rules.
            var run = await host.Services.GetRequiredService<PipelineRunner>().RunAsync("cli", retry: false, cancellationToken);
            if (run.Status == RunStatus.Succeeded)
            {
                if (run.Note is not null) await error.WriteLineAsync(run.Note);
                await output.WriteLineAsync($"Run {run.Id} succeeded: {run.Batches} batches loaded, {run.Months} months changed.");
                return 0;
            }
            await error.WriteLineAsync($"Run {run.Id} failed: {run.Error}");
            return 1;
        }
        catch (Exception failure) when (failure is MartException or StoreException or IOException)
        {
            await error.WriteLineAsync(failure.Message);
            return 1;
        }
    }
}
