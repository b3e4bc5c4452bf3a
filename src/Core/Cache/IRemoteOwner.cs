namespace TransactionPipeline.Core.Cache;

/// <summary>
/// A key's owner, usually in another process, as <see cref="OwnerRefresh"/> asks it. Asking is a courtesy that saves work: when it cannot
/// be reached, the key's lease lets the asker do the work itself.
/// </summary>
public interface IRemoteOwner
{
    /// <summary>Has the owner answer for <paramref name="key"/>.</summary>
    /// <param name="key">What is asked.</param>
    /// <param name="held">The snapshot at hand, whose rows need not be sent again; null when there is none.</param>
    /// <param name="maxAge">The oldest answer that will do, by the owner's clock; zero: only one checked from now on.</param>
    /// <param name="minVersion">The lowest version that will do.</param>
    /// <param name="cancellationToken">Cancelled when nobody wants the answer any more: the owner's work for it may be given up.</param>
    /// <returns>The owner's answer; null when the owner cannot be reached in good time.</returns>
    /// <exception cref="Marts.MartException">
    /// The owner's mart failed, and it has nothing that it may serve. An asker that has nothing either does the work itself, unless the
    /// same question would fail again.
    /// </exception>
    Task<OwnersAnswer?> AskAsync(QueryKey key, Snapshot? held, TimeSpan maxAge, SnapshotVersion minVersion, CancellationToken cancellationToken);
}

/// <summary>An owner's answer.</summary>
/// <param name="Answer">The answer.</param>
/// <param name="Owner">Who gave it, for operators.</param>
public sealed record OwnersAnswer(CachedAnswer Answer, string Owner);
