using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Cache;

/// <summary>A mart's newest month.</summary>
/// <param name="Month">The newest month with data; null while the mart is empty.</param>
/// <param name="AsOf">When the mart was asked.</param>
public sealed record KnownMonth(Month? Month, DateTimeOffset AsOf);
