using Orleans.Runtime.Services;

namespace TransactionPipeline.Silo.Joining;

/// <summary>Asks one silo.</summary>
internal sealed class ServedStoresClient(IServiceProvider services) : GrainServiceClient<IServedStoresService>(services)
{
    public Task<ServedStore[]> AskAsync(SiloAddress silo) => GetGrainService(silo).TellAsync();
}
