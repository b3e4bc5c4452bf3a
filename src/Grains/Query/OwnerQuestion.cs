namespace TransactionPipeline.Grains.Query;

/// <summary>What a silo asks of a key's owner.</summary>
[GenerateSerializer, Immutable, Alias("transaction-pipeline.owner-question")]
internal sealed record OwnerQuestion
{
    /// <summary>The oldest answer that will do. A duration, so that clocks of two machines need not agree.</summary>
    [Id(0)] public TimeSpan MaxAge { get; init; }

    /// <summary>The lowest version that will do.</summary>
    [Id(1)] public long MinVersion { get; init; }

    /// <summary>The version of the copy that the asker has; 0 for none. Its rows are not sent again.</summary>
    [Id(2)] public long HeldVersion { get; init; }

    /// <summary>With <see cref="HeldVersion"/>: when that copy was read, as versions alone may repeat after the store was lost.</summary>
    [Id(3)] public DateTimeOffset HeldAsOf { get; init; }
}
