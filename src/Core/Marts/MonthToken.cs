namespace TransactionPipeline.Core.Marts;

/// <summary>A month's change token.</summary>
/// <param name="Month">The month.</param>
/// <param name="DataVersion">The token, as <see cref="IMartSource.GetChangeTokenAsync"/> gave it.</param>
/// <param name="AsOf">When the look at it began.</param>
public readonly record struct MonthToken(Month Month, string DataVersion, DateTimeOffset AsOf);
