namespace TransactionPipeline.Core.Cache;

/// <summary>Owns every key in this process.</summary>
public sealed class LocalKeyOwner;
