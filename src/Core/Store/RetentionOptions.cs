using Microsoft.Extensions.Configuration;

namespace TransactionPipeline.Core.Store;

/// <summary>The section <c>retention</c>: how long the shared store keeps what nobody needs any more.</summary>
public sealed class RetentionOptions
{
    /// <summary>Days after which a snapshot that nobody asked for and that was not checked with its mart goes, and leases and counts of the day as old.</summary>
    /// <value>7; at least <c>cache.max_stale_on_error_seconds</c>, or a last good answer could go before its time.</value>
    [ConfigurationKeyName("snapshot_days")]
    public double SnapshotDays { get; set; } = 7;

    /// <summary>Days after which ended runs, ended batches and their rejected lines go.</summary>
    /// <value>90.</value>
    [ConfigurationKeyName("history_days")]
    public double HistoryDays { get; set; } = 90;

    /// <summary>What is wrong with the section, naming the key to mend; null when nothing is.</summary>
    /// <param name="maxStaleOnErrorSeconds">How old a last good answer may be.</param>
    public string? FindProblem(double maxStaleOnErrorSeconds) =>
        !(SnapshotDays * 86_400 >= maxStaleOnErrorSeconds && SnapshotDays <= 3650)
            ? "retention:snapshot_days must be 3,650 at most, and not below cache:max_stale_on_error_seconds "
                + $"({maxStaleOnErrorSeconds / 86_400:0.###} days)."
        : !(HistoryDays is >= 1 and <= 3650) ? "retention:history_days must be 1 to 3,650."
        : null;
}
