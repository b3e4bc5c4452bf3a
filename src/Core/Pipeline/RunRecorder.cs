using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Pipeline;

/// <summary>
/// Writes how this process's runs stand into the run history. What cannot be written because the store is away is kept and written when
/// it is back: the history must tell how a run ended.
/// </summary>
internal sealed partial class RunRecorder(IRunStore runs, ILogger logger) : IDisposable
{
    private readonly ConcurrentDictionary<string, PipelineRun> _unsaved = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _saving = new(1, 1);

    /// <summary>Writes it now.</summary>
    /// <exception cref="StoreException">It could not; it is kept.</exception>
    public Task WriteAsync(PipelineRun run)
    {
        _unsaved[run.Id] = run;
        return FlushAsync();
    }

    /// <summary>Writes it now, or when the store is back.</summary>
    public async Task SaveAsync(PipelineRun run)
    {
        try
        {
            await WriteAsync(run);
        }
        catch (StoreException error)
        {
            LogNotSaved(logger, error, run.Id);
        }
    }

    /// <summary>Writes what could not be written before. Not stopped by any token.</summary>
    /// <exception cref="StoreException">It still cannot; it is kept.</exception>
    public async Task FlushAsync()
    {
        // One at a time, so that an earlier state never overwrites a later one.
        await _saving.WaitAsync();
        try
        {
            foreach (var unsaved in _unsaved)
            {
                await runs.UpdateAsync(unsaved.Value, CancellationToken.None);
                // Only this state: a later one may have come meanwhile.
                _unsaved.TryRemove(unsaved);
            }
        }
        finally
        {
            _saving.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _saving.Dispose();

    [LoggerMessage(LogLevel.Error, "Run {Run}: its state could not be written to the run history yet")]
    private static partial void LogNotSaved(ILogger logger, Exception error, string run);
}
