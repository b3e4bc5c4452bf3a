using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Silo.Joining;

/// <summary>One database that a silo uses, as it tells another.</summary>
/// <param name="Part">What it is used for, as in <c>ServedStores</c>.</param>
/// <param name="Kind">As <see cref="StoreIdentity.Kind"/>.</param>
/// <param name="Place">As <see cref="StoreIdentity.Place"/>.</param>
/// <param name="Identity">As <see cref="StoreIdentity.Id"/>.</param>
[GenerateSerializer, Immutable, Alias("transaction-pipeline.served-store")]
internal sealed record ServedStore(
    [property: Id(0)] string Part, [property: Id(1)] string Kind, [property: Id(2)] string Place, [property: Id(3)] string? Identity)
{
    public StoreIdentity ToIdentity() => new(Kind, Place, Identity);
}
