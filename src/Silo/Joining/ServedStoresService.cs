using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Silo.Joining;

/// <inheritdoc/>
internal sealed class ServedStoresService(GrainId id, Orleans.Runtime.Silo silo, ILoggerFactory loggers, ServedStores stores)
    : GrainService(id, silo, loggers), IServedStoresService
{
    public async Task<ServedStore[]> TellAsync() =>
    [
        .. from part in await stores.IdentifyAsync(CancellationToken.None)
           select new ServedStore(part.Key, part.Value.Kind, part.Value.Place, part.Value.Id),
    ];
}
