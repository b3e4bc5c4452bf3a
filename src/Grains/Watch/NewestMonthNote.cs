using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Watch;

namespace TransactionPipeline.Grains.Watch;

/// <summary>A mart's newest month, or why it is not known.</summary>
[GenerateSerializer, Immutable, Alias("transaction-pipeline.newest-month-answer")]
internal sealed record NewestMonthNote
{
    /// <summary><c>YYYY-MM</c>; null while the mart is empty.</summary>
    [Id(0)] public string? Month { get; init; }

    /// <summary>How long ago the mart was asked. A duration, so that clocks of two machines need not agree.</summary>
    [Id(1)] public TimeSpan Age { get; init; }

    /// <summary>What the mart's failure said; null when it answered.</summary>
    [Id(2)] public string? Error { get; init; }

    /// <summary>With <see cref="Error"/>: the kind of failure.</summary>
    [Id(3)] public MartFailure Failure { get; init; }

    /// <summary>With <see cref="Error"/>: when to ask again, if known.</summary>
    [Id(4)] public TimeSpan? RetryAfter { get; init; }

    public static NewestMonthNote Of(KnownMonth known, DateTimeOffset now) =>
        new() { Month = known.Month?.ToString(), Age = now - known.AsOf };

    public static NewestMonthNote Of(MartException failed) =>
        new() { Error = failed.Message, Failure = failed.Failure, RetryAfter = failed.RetryAfter };

    /// <summary>The month as Core knows it.</summary>
    /// <param name="asked">When it was asked for: it is not told to be younger than it is.</param>
    /// <exception cref="MartException">The mart failed.</exception>
    public KnownMonth ToKnownMonth(DateTimeOffset asked) => Error is null
        ? new(Month is null ? null : Core.Marts.Month.Parse(Month), asked - Age)
        : throw new MartException(Error, Failure) { RetryAfter = RetryAfter };
}
