using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Watch;

/// <summary>What is known of a mart.</summary>
/// <param name="Tokens">Change tokens of some of its months.</param>
/// <param name="Newest">Its newest month; null while it is not known.</param>
public sealed record MartNews(IReadOnlyList<MonthToken> Tokens, KnownMonth? Newest);

/// <summary>A mart's newest month.</summary>
/// <param name="Month">The newest month with data; null while the mart is empty.</param>
/// <param name="AsOf">When the mart was asked.</param>
public sealed record KnownMonth(Month? Month, DateTimeOffset AsOf);
