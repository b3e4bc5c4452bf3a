using Orleans.Services;

namespace TransactionPipeline.Silo.Joining;

/// <summary>In every silo: tells others which databases it uses, from before it is active.</summary>
[Alias("transaction-pipeline.served-stores")]
internal interface IServedStoresService : IGrainService
{
    /// <summary>The databases of the silo that is asked.</summary>
    [Alias("Tell")]
    Task<ServedStore[]> TellAsync();
}
