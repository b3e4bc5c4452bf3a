using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Watch;
using TransactionPipeline.Grains;
using TransactionPipeline.Grains.Query;
using TransactionPipeline.Grains.Watch;

namespace TransactionPipeline.Silo.Tests.Grains;

/// <summary>What crosses between silos arrives as it was, also between an old and a new version of the program.</summary>
public sealed class WireTests
{
    private static readonly DateTimeOffset Noon = new(2023, 11, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    [Fact]
    public void Answer_WithRows_ArrivesWhole()
    {
        var snapshot = new Snapshot(SiloCluster.Key, new(7, 9), "token", Noon, Noon.AddMinutes(1), Rows(1000));
        var sent = OwnerAnswer.Of(new CachedAnswer(snapshot, CacheResult.Miss), new OwnerQuestion(), "silo-1", Noon.AddHours(2));

        var arrived = Cross<OwnerAnswer, OwnerAnswer>(sent).ToCachedAnswer(SiloCluster.Key, held: null, Noon.AddHours(2));

        Assert.Equal((snapshot.Version, "token", snapshot.DataAsOf, snapshot.CheckedAt, CacheResult.Miss),
            (arrived.Snapshot.Version, arrived.Snapshot.DataVersion, arrived.Snapshot.DataAsOf, arrived.CheckedAt, arrived.Result));
        Assert.Equal(snapshot.Rows.All(), arrived.Snapshot.Rows.All());
    }

    [Fact]
    public void Answer_AskerHoldsTheRows_HasNoneInIt()
    {
        var held = new Snapshot(SiloCluster.Key, new(7, 9), "token", Noon, Noon, Rows(1000));
        var question = new OwnerQuestion { HeldVersion = VersionNote.Of(held.Version) };
        var answer = OwnerAnswer.Of(new CachedAnswer(held with { CheckedAt = Noon.AddHours(1) }, CacheResult.Revalidated), question, "silo-1", Noon.AddHours(2));

        Assert.Null(answer.Rows);
        Assert.InRange(Serializer<OwnerAnswer>().SerializeToArray(answer).Length, 1, 200);
        var arrived = Cross<OwnerAnswer, OwnerAnswer>(answer).ToCachedAnswer(SiloCluster.Key, held, Noon.AddHours(2));
        Assert.Same(held.Rows, arrived.Snapshot.Rows);
        Assert.Equal(Noon.AddHours(1), arrived.CheckedAt);
    }

    [Fact]
    public void Answer_LastGoodOne_TellsTheFailureToo()
    {
        var snapshot = new Snapshot(SiloCluster.Key, new(7, 9), "token", Noon, Noon, Rows(1));
        var sent = OwnerAnswer.Of(new CachedAnswer(snapshot, CacheResult.StaleOnError, "the mart is down"), new OwnerQuestion(), "silo-1", Noon.AddHours(2));

        var arrived = Cross<OwnerAnswer, OwnerAnswer>(sent).ToCachedAnswer(SiloCluster.Key, held: null, Noon.AddHours(2));

        Assert.Equal((CacheResult.StaleOnError, "the mart is down"), (arrived.Result, arrived.Error));
    }

    [Fact]
    public void Rows_SentTwice_AreEncodedOnceAndCountedOnce()
    {
        var rows = Rows(10);
        var before = rows.SizeInBytes;

        var bytes = new SnapshotRows(rows).Bytes;

        Assert.Same(bytes, new SnapshotRows(rows).Bytes);
        Assert.Equal(before + bytes.Length, rows.SizeInBytes);
    }

    [Fact]
    public void Rows_TooManyForOneMessage_AreLeftOutAndTheirNumberTold()
    {
        var rows = new SnapshotRows(Rows(100));
        using var services = new ServiceCollection().Configure<GrainsOptions>(options => options.MaxMessageBytes = rows.Bytes.Length - 1).AddSerializer()
            .BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer<OwnerAnswer>>();

        var sent = serializer.SerializeToArray(new OwnerAnswer { Rows = rows });

        Assert.InRange(sent.Length, 1, 200);
        var arrived = serializer.Deserialize(sent)!.Rows!;
        Assert.Equal(rows.Bytes.Length, arrived.LeftOut);
        Assert.Throws<InvalidOperationException>(() => arrived.Rows);
        // Exactly as many as a message may have go with it.
        Assert.Equal(rows.Rows.All(), Cross<OwnerAnswer, OwnerAnswer>(new OwnerAnswer { Rows = rows }).Rows!.Rows.All());
    }

    [Fact]
    public void Rows_CopiedInsideASilo_AreTheSame()
    {
        var answer = new OwnerAnswer { Rows = new SnapshotRows(Rows(10)) };

        Assert.Same(answer, _services.GetRequiredService<DeepCopier<OwnerAnswer>>().Copy(answer));
    }

    [Fact]
    public void Rows_OfAFormatFromTheFuture_AreRefused() =>
        Assert.Throws<InvalidDataException>(() => SnapshotRows.Decode([99, 1, 2]));

    [Fact]
    public void Question_FromANewerSilo_IsReadByAnOlder()
    {
        var arrived = Cross<NewerQuestion, OwnerQuestion>(new() { MaxAge = TimeSpan.FromSeconds(5), MinVersion = V(3), HeldVersion = V(2), Clock = 4, Reason = "why" });

        Assert.Equal(new OwnerQuestion { MaxAge = TimeSpan.FromSeconds(5), MinVersion = V(3), HeldVersion = V(2), Clock = 4 }, arrived);
    }

    [Fact]
    public void Question_FromAnOlderSilo_IsReadByANewer()
    {
        var arrived = Cross<OwnerQuestion, NewerQuestion>(new() { MaxAge = TimeSpan.FromSeconds(5), MinVersion = V(3), HeldVersion = V(2), Clock = 4 });

        Assert.Equal(new NewerQuestion { MaxAge = TimeSpan.FromSeconds(5), MinVersion = V(3), HeldVersion = V(2), Clock = 4 }, arrived);
    }

    [Fact]
    public void News_OfBothShapes_CrossBothWays()
    {
        var news = NewsNote.Of(
            Mart.Operational,
            new([new MonthToken(new Month(2023, 10), "a", Noon), new MonthToken(new Month(2023, 11), "b", Noon)], new KnownMonth(new Month(2023, 11), Noon)),
            Noon);

        var newer = Cross<NewsNote, NewerNews>(news);
        Assert.Equal(("operational", 2), (newer.Mart, newer.Tokens.Length));
        var back = Cross<NewerNews, NewsNote>(newer with { Mood = "cheerful" }).ToNews(Noon);
        Assert.Equal(news.ToNews(Noon).Tokens, back.Tokens);
        Assert.Equal(new KnownMonth(new Month(2023, 11), Noon), back.Newest);
    }

    [Fact]
    public void LookRequest_Crosses()
    {
        var arrived = Cross<LookRequest, LookRequest>(new() { Months = ["2023-10", "2023-11"], Woken = true });

        Assert.True(arrived.Woken);
        Assert.Equal(["2023-10", "2023-11"], arrived.Months.AsEnumerable());
    }

    private static VersionNote V(long time) => new() { Time = time, Issuer = 9 };

    private static MartRows Rows(int count)
    {
        var rows = new MartRowsBuilder();
        for (var i = 0; i < count; i++)
            rows.Add(new MartRow(Convert.ToHexStringLower(BitConverter.GetBytes((long)i)), $"Halal {i:D6}", new DateOnly(2023, 10, 1), i * 1.01m, i, 1, i));
        return rows.Build();
    }

    private Serializer<T> Serializer<T>() => _services.GetRequiredService<Serializer<T>>();

    // The receiver's type is what it expects, so that no name of the sender's type is in the bytes: as between two versions of a type.
    private TTo Cross<TFrom, TTo>(TFrom value) => Serializer<TTo>().Deserialize(Serializer<TFrom>().SerializeToArray(value))!;
}

/// <summary>As a later version may have it: a field more.</summary>
[GenerateSerializer, Immutable]
internal sealed record NewerQuestion
{
    [Id(0)] public TimeSpan MaxAge { get; init; }

    [Id(1)] public VersionNote MinVersion { get; init; }

    [Id(2)] public VersionNote HeldVersion { get; init; }

    [Id(3)] public long Clock { get; init; }

    [Id(4)] public string? Reason { get; init; }
}

/// <summary>As a later version may have it: a field more.</summary>
[GenerateSerializer, Immutable]
internal sealed record NewerNews
{
    [Id(0)] public string Mart { get; init; } = "";

    [Id(1)] public System.Collections.Immutable.ImmutableArray<TokenNote> Tokens { get; init; } = [];

    [Id(2)] public string? Error { get; init; }

    [Id(3)] public NewestMonthNote? Newest { get; init; }

    [Id(4)] public DateTimeOffset? ToldAt { get; init; }

    [Id(5)] public string? Mood { get; init; }
}
