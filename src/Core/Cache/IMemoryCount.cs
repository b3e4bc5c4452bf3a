namespace TransactionPipeline.Core.Cache;

/// <summary>Who counts the memory of a process's keys.</summary>
internal interface IMemoryCount
{
    /// <summary>What <paramref name="key"/> holds takes <paramref name="bytes"/> more, or less when negative. Must not wait for anything.</summary>
    void Grew(CachedQuery key, long bytes);
}
