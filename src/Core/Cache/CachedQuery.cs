namespace TransactionPipeline.Core.Cache;

/// <summary>The state of one key.</summary>
public sealed class CachedQuery;
