using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Tests.Postgres;

/// <summary>Processes whose clocks do not agree share snapshots by the server's clock.</summary>
[Collection(PostgresCollection.Name)]
public sealed class SharedClockTests(PostgresFixture server) : IAsyncLifetime
{
    private static readonly QueryKey Key = new(Mart.Operational, "Halal", new Month(2023, 10));
    private static readonly TimeSpan Apart = TimeSpan.FromMinutes(10);
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly FakeMart _mart = new();
    private PostgresStoreHarness _store = null!;

    public async Task InitializeAsync() => _store = new(server, await server.CreateDatabaseAsync());

    public async Task DisposeAsync() => await _store.DisposeAsync();

    [Theory]
    [InlineData(10)]
    [InlineData(-10)]
    [InlineData(5_000_000)]
    public async Task Load_WriterClockIsOff_IsAsOldAsItIs(int minutes)
    {
        var writer = new OffTime(TimeSpan.FromMinutes(minutes));
        var written = new Snapshot(Key, new(1, 1), "v1", writer.GetUtcNow() - (3 * Apart), writer.GetUtcNow() - Apart, MartRows.Empty);
        await CommitAsync(_store.NewSnapshots(writer), written);

        var reader = new OffTime(TimeSpan.FromHours(-7));
        var loaded = await _store.NewSnapshots(reader).LoadAsync(Key, CancellationToken.None);

        Assert.InRange(reader.GetUtcNow() - loaded!.CheckedAt, Apart, Apart + Stopwatch.GetElapsedTime(_started));
        Assert.InRange(reader.GetUtcNow() - loaded.DataAsOf, 3 * Apart, (3 * Apart) + Stopwatch.GetElapsedTime(_started));
    }

    [Fact]
    public async Task Find_ServerClockWasSetBack_ReliesOnNoDateFromLaterThanNow()
    {
        var snapshots = _store.NewSnapshots();
        var now = TimeProvider.System.GetUtcNow();
        await CommitAsync(snapshots, new Snapshot(Key, new(1, 1), "v1", now - Apart, now, MartRows.Empty));

        await server.ExecuteAsync(_store.Options.Database, "UPDATE snapshots SET checked_at = checked_at + interval '1 hour'");
        var head = await snapshots.FindAsync(Key, CancellationToken.None);
        Assert.Equal(head!.DataAsOf, head.CheckedAt);

        await server.ExecuteAsync(_store.Options.Database, "UPDATE snapshots SET data_as_of = data_as_of + interval '1 hour'");
        Assert.Null(await snapshots.FindAsync(Key, CancellationToken.None));
        Assert.Null(await snapshots.LoadAsync(Key, CancellationToken.None));
    }

    [Fact]
    public async Task Get_OtherClockIsTenMinutesAhead_ChecksAreStillMadeAndNothingIsYoungerThanItIs()
    {
        await using var ahead = Process(new OffTime(Apart), 1);
        await using var replica = Process(TimeProvider.System, 2);
        await ahead.GetAsync(Key, CacheDemand.Check, CancellationToken.None);

        var taken = await replica.GetAsync(Key, CacheDemand.Default, CancellationToken.None);
        Assert.Equal((CacheResult.Hit, 1), (taken.Result, _mart.Reads));
        Assert.InRange(TimeProvider.System.GetUtcNow() - taken.CheckedAt, TimeSpan.Zero, Stopwatch.GetElapsedTime(_started));

        // The other checks it again, by its own clock: no check of what comes after.
        await ahead.GetAsync(Key, CacheDemand.Check, CancellationToken.None);
        _mart.Change("2", 200m);
        var asked = await replica.GetAsync(Key, CacheDemand.Check, CancellationToken.None);
        Assert.Equal(200m, asked.Snapshot.Rows[0].TotalAmount);

        // The mart fails: nothing is renewed.
        await ahead.GetAsync(Key, CacheDemand.Check, CancellationToken.None);
        _mart.Failure = new MartException("the mart is away");
        var failed = await replica.GetAsync(Key, CacheDemand.Check, CancellationToken.None);
        Assert.Equal(CacheResult.StaleOnError, failed.Result);
        Assert.InRange(failed.CheckedAt, asked.CheckedAt, TimeProvider.System.GetUtcNow());
    }

    private KeyTable Process(TimeProvider clock, int issuer)
    {
        var store = new FallbackStore(
            _store.NewSnapshots(clock), _store.NewLeases(), _store.NewCounts(), TimeProvider.System, NullLogger<FallbackStore>.Instance);
        return new(new CachedQueryContext(
            new Dictionary<Mart, IMartSource> { [Mart.Operational] = _mart }, store, store, new CacheOptions(), clock, new VersionClock(clock, issuer),
            NullLogger<KeyTable>.Instance, $"process {issuer}"));
    }

    private async Task CommitAsync(ISnapshotStore snapshots, Snapshot snapshot)
    {
        var lease = await _store.NewLeases().TryAcquireAsync(Key.ToString(), "holder", TimeSpan.FromSeconds(30), CancellationToken.None);
        Assert.Equal(CommitOutcome.Stored, (await snapshots.CommitAsync(lease!, snapshot, CancellationToken.None)).Outcome);
    }

    /// <summary>A clock that goes as the others do and shows another time.</summary>
    private sealed class OffTime(TimeSpan off) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + off;
    }
}
