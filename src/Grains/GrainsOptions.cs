namespace TransactionPipeline.Grains;

/// <summary>How silos work with each other's grains.</summary>
public sealed class GrainsOptions
{
    /// <summary>
    /// How long a silo waits for a grain in another: for a key's owner before it refreshes the key itself, under the key's lease, and for
    /// a mart's watcher before it does without.
    /// </summary>
    /// <value>3 seconds. An owner that is only slow costs nothing more: it holds the lease, and its result is taken from the store.</value>
    public TimeSpan OwnerTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a key's grain stays in memory without a question.</summary>
    /// <value>10 minutes.</value>
    public TimeSpan IdleTime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// The most bytes of rows in one message between silos. Larger rows are left out of an owner's answer: the asker loads them from the
    /// shared store or, as long as they are not there, asks for them piece by piece.
    /// </summary>
    /// <value>1 MiB: most answers travel at once, and a larger one never holds up the calls behind it for long.</value>
    public int MaxMessageBytes { get; set; } = 1024 * 1024;
}
