namespace TransactionPipeline.Core.Store;

/// <summary>
/// Leases with fencing tokens, shared by every process that shares the store. A lease is a promise about time and can be outlived by
/// its holder's work; the fencing token, which rises with every new holder, lets the store refuse what such a holder still writes.
/// </summary>
public interface ILeaseStore
{
    /// <summary>Takes the lease when nobody holds it or the holder's time is over; null when another holds it.</summary>
    /// <param name="name">What is leased: a query key, or the name of a job.</param>
    /// <param name="holder">Who asks: a process, see <see cref="ILeaseHolders.Own"/>, perhaps with more behind a slash.</param>
    /// <param name="duration">How long it holds unless renewed.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<Lease?> TryAcquireAsync(string name, string holder, TimeSpan duration, CancellationToken cancellationToken);

    /// <summary>Holds the lease for <paramref name="duration"/> from now; false when another has taken it since.</summary>
    Task<bool> RenewAsync(Lease lease, TimeSpan duration, CancellationToken cancellationToken);

    /// <summary>Gives the lease up, so that another need not wait for its end. Nothing happens when another has taken it.</summary>
    Task ReleaseAsync(Lease lease, CancellationToken cancellationToken);
}

/// <summary>The leases themselves, as <see cref="LeaseKeeper"/> works on them.</summary>
public interface ILeaseTable : ILeaseStore
{
    /// <summary>Who holds the lease now; null when nobody does.</summary>
    Task<string?> FindHolderAsync(string name, CancellationToken cancellationToken);

    /// <summary>Takes the lease from <paramref name="ended"/>, though its time is not over; null when another holds it by now.</summary>
    Task<Lease?> TakeOverAsync(string name, string ended, string holder, TimeSpan duration, CancellationToken cancellationToken);
}

/// <summary>A held lease.</summary>
/// <param name="Name">What is leased.</param>
/// <param name="Holder">Who holds it.</param>
/// <param name="Fence">The fencing token: higher than that of every holder before.</param>
public sealed record Lease(string Name, string Holder, long Fence)
{
    /// <summary>Stands for whatever fence the holder may have been given; good for giving back only.</summary>
    public const long UnknownFence = 0;
}
