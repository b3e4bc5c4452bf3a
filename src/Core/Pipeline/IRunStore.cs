namespace TransactionPipeline.Core.Pipeline;

/// <summary>The run history in the shared store.</summary>
public interface IRunStore
{
    /// <summary>Records a new run; false when its fire time has been run already, here or by another replica.</summary>
    Task<bool> TryAddAsync(PipelineRun run, CancellationToken cancellationToken);

    /// <summary>Records how a run stands now.</summary>
    Task UpdateAsync(PipelineRun run, CancellationToken cancellationToken);

    /// <summary>The processes (<see cref="PipelineRun.Owner"/>) that have runs which have not ended.</summary>
    Task<IReadOnlyList<string>> ListOwnersAsync(CancellationToken cancellationToken);

    /// <summary>Marks the runs of a process failed that died before they ended.</summary>
    /// <returns>How many.</returns>
    Task<int> FailOrphansAsync(string owner, CancellationToken cancellationToken);

    /// <summary>The run, or null.</summary>
    Task<PipelineRun?> FindAsync(string id, CancellationToken cancellationToken);

    /// <summary>Runs, newest first, that are older than <paramref name="before"/> (an id; null for the newest).</summary>
    Task<IReadOnlyList<PipelineRun>> ListAsync(string? before, int limit, CancellationToken cancellationToken);
}
