namespace TransactionPipeline.Contract.Simulation;

/// <summary>What a run's silos are configured with; times in milliseconds.</summary>
/// <param name="Silos">How many there are in the beginning.</param>
/// <param name="IsCluster">Whether they form a cluster; else each is a process of its own over the shared store.</param>
/// <param name="Skew">How far clocks are off; they drift too, unless it is 0.</param>
/// <param name="Poll">How often the watchers look.</param>
/// <param name="MaxBytes">The memory for answers.</param>
/// <param name="HasNotices">Whether changes and commits are notified.</param>
/// <param name="HasOneToken">Whether one change token stands for all months.</param>
/// <param name="IsCostlyToPoll">Whether the mart is polled slowly.</param>
/// <param name="IsStepped">Whether every continuation waits for its turn, see <see cref="SiloTasks"/>.</param>
internal sealed record Setup(
    int Silos, bool IsCluster, int Skew, int Poll, long MaxBytes, bool HasNotices, bool HasOneToken, bool IsCostlyToPoll, bool IsStepped)
{
    /// <summary>Ages that a run of a minute gets through, in seconds.</summary>
    public const int FreshFor = 5, StaleFor = 8, MaxStaleOnError = 20, Lease = 10, RetryAfterError = 1;

    /// <summary>Room for all keys.</summary>
    public const long Ample = 1 << 20;
}
