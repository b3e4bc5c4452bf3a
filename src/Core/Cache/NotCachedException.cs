namespace TransactionPipeline.Core.Cache;

/// <summary>The caller asked <c>only-if-cached</c> and nothing suitable is cached. Answered 504, as RFC 9111 5.2.1.7 says.</summary>
public sealed class NotCachedException(QueryKey key) : Exception($"Nothing suitable is cached for {key}.");
