using System.Collections.Immutable;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Watch;

namespace TransactionPipeline.Grains.Watch;

/// <summary>A <see cref="MartNews"/>, or why there is none.</summary>
[GenerateSerializer, Immutable, Alias("transaction-pipeline.mart-news")]
internal sealed record NewsNote
{
    /// <summary>The mart's name.</summary>
    [Id(0)] public string Mart { get; init; } = "";

    /// <summary>The tokens.</summary>
    [Id(1)] public ImmutableArray<TokenNote> Tokens { get; init; } = [];

    /// <summary>What the mart's failure said; null when it answered.</summary>
    [Id(2)] public string? Error { get; init; }

    /// <summary>The newest month; null while it is not known.</summary>
    [Id(3)] public NewestMonthNote? Newest { get; init; }

    /// <summary>
    /// When it was told, by the clock of the silo that it is told to, or a little before; null in an answer, which is dated by its question,
    /// and where that silo has not said what its clock shows.
    /// </summary>
    [Id(4)] public DateTimeOffset? ToldAt { get; init; }

    public static NewsNote Of(Mart mart, MartNews news, DateTimeOffset now) => new()
    {
        Mart = mart.Name(),
        Tokens = [.. news.Tokens.Select(token => new TokenNote { Month = token.Month.ToString(), DataVersion = token.DataVersion, Age = now - token.AsOf })],
        Newest = news.Newest is { } newest ? NewestMonthNote.Of(newest, now) : null,
    };

    /// <param name="asked">When it was asked for: nothing is told to be younger than it is.</param>
    public MartNews ToNews(DateTimeOffset asked) => new(
        [.. Tokens.Select(note => new MonthToken(Month.Parse(note.Month), note.DataVersion, asked - note.Age))], Newest?.ToKnownMonth(asked));

    /// <summary>
    /// News that nobody asked for. It may have been long on its way, or have waited in a silo that stood still: it is as old as if it had
    /// come when it was told.
    /// </summary>
    /// <param name="now">When it came.</param>
    public MartNews ToUnaskedNews(DateTimeOffset now) => ToNews(ToldAt is { } told && told < now ? told : now);
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
