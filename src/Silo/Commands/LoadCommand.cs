using System.CommandLine;
using Spectre.Console;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Pipeline;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Silo.Commands;

/// <summary>
/// <c>load FILE</c>: the same way in as an upload, from the command line; also while the server runs on the same state. Exit code 0 when
/// the marts have the file, 1 when they do not, 2 when it has no good line.
/// </summary>
internal static class LoadCommand
{
    private const int Loaded = 0;
    private const int Failed = 1;
    private const int NothingToLoad = 2;

    public static Command Create(Func<IHost> createHost)
    {
        var file = new Argument<FileInfo>("file") { Description = "A transactions file (CSV)" };
        file.AcceptExistingOnly();
        var command = new Command("load", "Load a transactions file into the marts") { file };
        command.SetAction((parsed, cancellationToken) => RunAsync(createHost, parsed, parsed.GetRequiredValue(file), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Func<IHost> createHost, ParseResult parsed, FileInfo file, CancellationToken cancellationToken)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(parsed.InvocationConfiguration.Output) });
        try
        {
            var host = createHost();
            // Asynchronously: the pipeline's runner knows no other way.
            await using var disposing = (IAsyncDisposable)host;
            var (received, run, took) = await LoadAsync(host.Services, console, file, cancellationToken);
            WriteRejects(console, received);
            if (run is null)
            {
                console.MarkupLine("[red]No line of the file is a transaction; nothing was loaded.[/]");
                return NothingToLoad;
            }
            if (run.Status != RunStatus.Succeeded)
            {
                await parsed.InvocationConfiguration.Error.WriteLineAsync(
                    $"The file was received as batch {received.BatchId}, but run {run.Id} failed: {run.Error} The next run completes it.");
                return Failed;
            }
            if (run.Note is not null) await parsed.InvocationConfiguration.Error.WriteLineAsync(run.Note);
            WriteResult(console, received, run, took);
            return Loaded;
        }
        catch (Exception error) when (error is TransactionFileException or MartException or StoreException or IOException)
        {
            await parsed.InvocationConfiguration.Error.WriteLineAsync($"{error.Message} Nothing was loaded.");
            return Failed;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await parsed.InvocationConfiguration.Error.WriteLineAsync("Stopped. What was received completely is loaded by the next run.");
            return Failed;
        }
    }

    private static Task<(ReceivedBatch Received, PipelineRun? Run, TimeSpan Took)> LoadAsync(
        IServiceProvider services, IAnsiConsole console, FileInfo file, CancellationToken cancellationToken)
    {
        var time = services.GetRequiredService<TimeProvider>();
        var started = time.GetTimestamp();
        return console.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new SpinnerColumn())
            .StartAsync(async progress =>
            {
                var reading = progress.AddTask("Reading", maxValue: Math.Max(1, file.Length));
                var making = progress.AddTask("Making the marts", autoStart: false).IsIndeterminate();
                await using var content = new FileStream(
                    file.FullName, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
                var received = await services.GetRequiredService<TransactionReceiver>().ReceiveAsync(
                    content, file.Name, new ReadingProgress(reading, content, time), cancellationToken);
                reading.Value = reading.MaxValue;
                if (received.Accepted == 0) return (received, (PipelineRun?)null, time.GetElapsedTime(started));

                making.StartTask();
                var run = await services.GetRequiredService<PipelineRunner>().RunAsync("cli", retry: false, cancellationToken);
                making.IsIndeterminate(indeterminate: false).Value = making.MaxValue;
                return (received, run, time.GetElapsedTime(started));
            });
    }

    private static void WriteRejects(IAnsiConsole console, ReceivedBatch received)
    {
        if (received.RejectedCount == 0) return;
        var table = new Table().RoundedBorder().Title("Rejected lines").AddColumn("reason").AddColumn("lines", column => column.RightAligned());
        foreach (var (reason, lines) in received.Rejected) table.AddRow(reason, $"{lines:N0}");
        console.Write(table);
    }

    private static void WriteResult(IAnsiConsole console, ReceivedBatch received, PipelineRun run, TimeSpan took)
    {
        var lines = received.Accepted + received.RejectedCount;
        console.WriteLine(
            $"{lines:N0} lines in {took.TotalSeconds:N1} s ({lines / Math.Max(0.001, took.TotalSeconds):N0} rows/s): {received.Accepted:N0} accepted, "
            + $"{received.RejectedCount:N0} rejected.");
        console.WriteLine(
            $"{run.Loaded.Inserted:N0} inserted, {run.Loaded.Replaced:N0} replaced, {run.Loaded.Unchanged:N0} unchanged, "
            + $"{run.Loaded.Duplicates:N0} repeated in the file; {run.Months} months changed.");
    }

    // Told from the writing side, which is never far behind the reading.
    private sealed class ReadingProgress(ProgressTask task, Stream content, TimeProvider time) : IProgress<long>
    {
        private readonly long _started = time.GetTimestamp();

        public void Report(long value)
        {
            task.Value = content.Position;
            task.Description = $"Reading, {value / Math.Max(0.001, time.GetElapsedTime(_started).TotalSeconds):N0} rows/s";
        }
    }
}
