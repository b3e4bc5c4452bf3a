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
}
