using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Store.Sqlite;

namespace TransactionPipeline.Web.Hosting;

/// <summary>The databases that this process serves from and keeps its state in.</summary>
public sealed class ServedStores
{
    private readonly IReadOnlyDictionary<Mart, IMartSource> _marts;
    private readonly SharedStore _shared;
    private readonly SqliteStore _embedded;

    internal ServedStores(IReadOnlyDictionary<Mart, IMartSource> marts, SharedStore shared, SqliteStore embedded) =>
        (_marts, _shared, _embedded) = (marts, shared, embedded);

    /// <summary>Which database plays each part: <c>warehouse mart</c>, <c>operational mart</c>, <c>shared store</c>.</summary>
    public async Task<IReadOnlyDictionary<string, StoreIdentity>> IdentifyAsync(CancellationToken cancellationToken)
    {
        // All at once: a store that is away lets each of them wait.
        var parts = _marts.Select(mart => (Part: $"{mart.Key.Name()} mart", Asking: mart.Value.IdentifyAsync(cancellationToken)))
            .Append((Part: "shared store", Asking: _shared.Postgres?.IdentifyAsync(cancellationToken) ?? _embedded.IdentifyAsync(cancellationToken)))
            .ToList();
        await Task.WhenAll(parts.Select(part => part.Asking));
        var identities = new SortedDictionary<string, StoreIdentity>(StringComparer.Ordinal);
        foreach (var (part, asking) in parts) identities[part] = await asking;
        return identities;
    }
}
