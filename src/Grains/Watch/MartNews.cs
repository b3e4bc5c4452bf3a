using System.Collections.Immutable;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Grains.Watch;

/// <summary>Change tokens of a mart, or why there are none.</summary>
[GenerateSerializer, Immutable, Alias("transaction-pipeline.mart-news")]
internal sealed record MartNews
{
    /// <summary>The mart's name.</summary>
    [Id(0)] public string Mart { get; init; } = "";

    /// <summary>The tokens.</summary>
    [Id(1)] public ImmutableArray<TokenNote> Tokens { get; init; } = [];

    /// <summary>What the mart's failure said; null when it answered.</summary>
    [Id(2)] public string? Error { get; init; }

    public static MartNews Of(Mart mart, IEnumerable<MonthToken> tokens, DateTimeOffset now) => new()
    {
        Mart = mart.Name(),
        Tokens = [.. tokens.Select(token => new TokenNote { Month = token.Month.ToString(), DataVersion = token.DataVersion, Age = now - token.AsOf })],
    };

    /// <param name="asked">When they were asked for, or came: nothing is told to be younger than it is.</param>
    public IReadOnlyList<MonthToken> ToTokens(DateTimeOffset asked) =>
        [.. Tokens.Select(note => new MonthToken(Month.Parse(note.Month), note.DataVersion, asked - note.Age))];
}

/// <summary>A <see cref="MonthToken"/>.</summary>
[GenerateSerializer, Immutable, Alias("transaction-pipeline.token-note")]
internal sealed record TokenNote
{
    /// <summary><c>YYYY-MM</c>.</summary>
    [Id(0)] public string Month { get; init; } = "";

    /// <summary>The token.</summary>
    [Id(1)] public string DataVersion { get; init; } = "";

    /// <summary>How long ago the look at it began. A duration, so that clocks of two machines need not agree.</summary>
    [Id(2)] public TimeSpan Age { get; init; }
}
