namespace TransactionPipeline.Core.Store;

/// <summary>Removes from the shared store what is too old to be of use.</summary>
public interface IStoreSweeper
{
    /// <summary>Removes what was last used before the given times; nothing that is under way.</summary>
    /// <param name="snapshotsBefore">For snapshots, by their last check or use (which is told once a day, so a day is added to it), for checks of months, and for leases and counts of the day.</param>
    /// <param name="historyBefore">For ended runs, ended batches and their rejected lines.</param>
    /// <param name="cancellationToken">Gives up; what is removed by then stays so.</param>
    /// <returns>The rows removed.</returns>
    Task<int> SweepAsync(DateTimeOffset snapshotsBefore, DateTimeOffset historyBefore, CancellationToken cancellationToken);
}
