using Orleans.Concurrency;

namespace TransactionPipeline.Grains.Query;

/// <summary>The owner of one query key in the cluster; the grain's key is the query key's text.</summary>
[Alias("transaction-pipeline.query")]
internal interface IQueryGrain : IGrainWithStringKey
{
    /// <summary>The owner's answer; a failing mart is told in it, so that it crosses silos of different versions.</summary>
    /// <param name="question">What is asked.</param>
    /// <param name="cancellationToken">Ends the waiting for a refresh; the refresh too when nobody else waits for it.</param>
    /// <remarks>As long as the mart may take: whether the owner lives is told by <see cref="IsAtWorkAsync"/>.</remarks>
    [Alias("Ask"), ResponseTimeout("00:10:00")]
    Task<OwnerAnswer> AskAsync(OwnerQuestion question, CancellationToken cancellationToken);

    /// <summary>A sign of life of the owner, for whoever waits long for its answer; false when it has no open question.</summary>
    [Alias("IsAtWork")]
    Task<bool> IsAtWorkAsync();

    /// <summary>The owner's silo has no room for the key: the grain leaves memory, unless it has been asked again since.</summary>
    [Alias("Leave"), OneWay]
    Task LeaveAsync();

    /// <summary>Some of the bytes of a snapshot's rows, which were left out of the answer.</summary>
    /// <param name="version">The snapshot's version.</param>
    /// <param name="offset">Where to begin.</param>
    /// <returns>At most <see cref="GrainsOptions.MaxMessageBytes"/>; null when the owner has another version by now.</returns>
    [Alias("Read")]
    Task<byte[]?> ReadAsync(VersionNote version, int offset);

    /// <summary>Drops the key's snapshot from the owner and from the shared store. False when there was none.</summary>
    [Alias("Drop")]
    Task<bool> DropAsync();
}
