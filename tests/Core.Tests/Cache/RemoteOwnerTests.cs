using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Tests.Cache;

/// <summary>Copies in front of a key's owner in another place: it does the work, and who cannot reach it does it under the lease.</summary>
public sealed class RemoteOwnerTests : IAsyncLifetime
{
    private readonly CacheFixture _cache = new();
    private readonly FakeOwner _remote;
    private readonly KeyTable _copies;

    public RemoteOwnerTests()
    {
        _remote = new FakeOwner(_cache.Owner());
        _copies = _cache.Owner(_remote);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _cache.DisposeAsync();

    [Fact]
    public async Task Get_Cold_IsTheOwnersAnswer()
    {
        var answer = await AskAsync();

        Assert.Equal((CacheResult.Miss, 100m), (answer.Result, answer.Snapshot.Rows[0].TotalAmount));
        Assert.Equal((1, 1), (_remote.Asked.Count, _cache.Mart.Reads));
        Assert.Equal(new Question(null, TimeSpan.FromSeconds(60), SnapshotVersion.None), _remote.Asked[0]);
    }

    [Fact]
    public async Task Get_Fresh_AsksNobody()
    {
        await AskAsync();
        for (var i = 0; i < 100; i++) Assert.Equal(CacheResult.Hit, (await AskAsync()).Result);

        Assert.Single(_remote.Asked);
    }

    [Fact]
    public async Task Get_ManyAtOnce_AskTheOwnerOnce()
    {
        _remote.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var asking = Enumerable.Range(0, 100).Select(_ => AskAsync()).ToList();
        await CacheFixture.InTimeAsync(_remote.Began.Task, "the question");
        _remote.Gate.SetResult();
        await CacheFixture.InTimeAsync(Task.WhenAll(asking), "the answers");

        Assert.Single(_remote.Asked);
    }

    [Fact]
    public async Task Get_CheckOfAHeldCopy_SaysWhatIsHeldAndKeepsItsRows()
    {
        var before = await AskAsync();
        _cache.Time.Advance(TimeSpan.FromSeconds(1));

        var answer = await AskAsync(CacheDemand.Check);

        Assert.Equal(new Question(before.Snapshot, TimeSpan.Zero, before.Snapshot.Version), _remote.Asked[^1]);
        Assert.Equal((CacheResult.Revalidated, _cache.Time.GetUtcNow()), (answer.Result, answer.CheckedAt));
        Assert.Same(before.Snapshot.Rows, answer.Snapshot.Rows);
        Assert.Equal(1, _cache.Mart.Reads);
    }

    [Fact]
    public async Task Get_VersionSeenElsewhere_IsAskedForByItsNumber()
    {
        await AskAsync();
        _cache.Change("2", 200m);
        var seen = (await _remote.Owner.GetAsync(CacheFixture.Key, CacheDemand.Check, default)).Snapshot.Version;

        var answer = await AskAsync(CacheDemand.Default with { MinVersion = seen });

        Assert.Equal((seen, 200m), (answer.Snapshot.Version, answer.Snapshot.Rows[0].TotalAmount));
        Assert.Equal(seen, _remote.Asked[^1].MinVersion);
    }

    [Fact]
    public async Task Get_OwnersClockBehind_TakesItsCheckAllTheSame()
    {
        _remote.Skew = TimeSpan.FromMinutes(-5);
        await AskAsync();

        // By this clock the owner's check is five minutes old, but it was made for this question: it is not asked for for ever.
        var answer = await CacheFixture.ResultInTimeAsync(AskAsync(CacheDemand.Check), "the answer");

        Assert.Equal(CacheResult.Revalidated, answer.Result);
        Assert.Equal(2, _remote.Asked.Count);
    }

    [Fact]
    public async Task Get_OwnerOutOfReach_IsRefreshedHereUnderTheLease()
    {
        _remote.IsOutOfReach = true;

        var answer = await AskAsync();

        Assert.Equal((CacheResult.Miss, 100m), (answer.Result, answer.Snapshot.Rows[0].TotalAmount));
        Assert.Equal(answer.Snapshot.Version, (await _cache.Snapshots.FindAsync(CacheFixture.Key, default))!.Version);
    }

    [Fact]
    public async Task Get_OwnerOutOfReachButAtWork_WaitsForItsLeaseAndTakesItsResult()
    {
        _cache.Mart.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var owners = _remote.Owner.GetAsync(CacheFixture.Key, CacheDemand.Default, default).AsTask();
        await CacheFixture.InTimeAsync(_cache.Mart.ReadBegan.Task, "the owner's read");
        _remote.IsOutOfReach = true;
        var asking = AskAsync();
        _cache.Mart.Gate.SetResult();

        var answer = await _cache.WithTimeAsync(asking, "the answer");

        Assert.Equal((await owners).Snapshot.Version, answer.Snapshot.Version);
        Assert.Equal(1, _cache.Mart.Reads);
    }

    [Fact]
    public async Task Get_OwnersMartFailsAndNothingIsHeld_FailsAsThere()
    {
        _cache.Mart.Failure = new MartException("the budget is spent", MartFailure.Unavailable) { RetryAfter = TimeSpan.FromMinutes(7) };

        var failed = await Assert.ThrowsAsync<MartException>(() => AskAsync());

        Assert.Equal((MartFailure.Unavailable, TimeSpan.FromMinutes(7)), (failed.Failure, failed.RetryAfter));
        Assert.Equal(0, _cache.Mart.Reads);
    }

    [Theory]
    [InlineData(MartFailure.Transient)]
    [InlineData(MartFailure.Unavailable)]
    public async Task Get_OnlyTheOwnersWayToTheMartFailsAndNothingIsHeld_IsRefreshedHereUnderTheLease(MartFailure kind)
    {
        _remote.Failure = new MartException("the owner's mart is away", kind);
        var lease = await _cache.Leases.TryAcquireAsync(CacheFixture.Key.ToString(), "another asker", TimeSpan.FromHours(1), default);

        var asking = AskAsync();
        await CacheFixture.InTimeAsync(_remote.Began.Task, "the question");
        Assert.Equal(0, _cache.Mart.Reads);
        await _cache.Leases.ReleaseAsync(lease!, default);
        var answer = await _cache.WithTimeAsync(asking, "the answer");

        Assert.Equal((CacheResult.Miss, 100m), (answer.Result, answer.Snapshot.Rows[0].TotalAmount));
        Assert.Null(_copies.List().Single().Owner);
        Assert.Equal((1, 1), (_remote.Asked.Count, _cache.Mart.Reads));
    }

    [Fact]
    public async Task Get_OwnersMartRefusesTheQuestion_IsNotAskedAgainHere()
    {
        _remote.Failure = new MartException("the answer is over the byte cap", MartFailure.Failed);

        Assert.Same(_remote.Failure, await Assert.ThrowsAsync<MartException>(() => AskAsync()));

        Assert.Equal((0, 0), (_cache.Mart.Tokens, _cache.Mart.Reads));
    }

    [Fact]
    public async Task Get_LastCallerLeaves_OwnerIsToldAndNothingIsDoneHere()
    {
        _remote.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using var caller = new CancellationTokenSource();
        var asking = _copies.GetAsync(CacheFixture.Key, default, caller.Token).AsTask();
        await CacheFixture.InTimeAsync(_remote.Began.Task, "the question");

        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        await CacheFixture.InTimeAsync(_copies.WhenIdleAsync(), "the end of the question");

        Assert.True(_remote.IsGivenUp);
        Assert.Equal((0, 0), (_cache.Mart.Tokens, _cache.Mart.Reads));
    }

    [Fact]
    public async Task Get_OwnerOutOfReachAndTheCallerComesBack_JoinsTheWorkHere()
    {
        _remote.IsOutOfReach = true;
        _cache.Mart.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using var caller = new CancellationTokenSource();
        var first = _copies.GetAsync(CacheFixture.Key, default, caller.Token).AsTask();
        await CacheFixture.InTimeAsync(_cache.Mart.ReadBegan.Task, "the read here");
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        var second = AskAsync();
        _cache.Mart.Gate.SetResult();

        Assert.Equal(CacheResult.Miss, (await CacheFixture.ResultInTimeAsync(second, "the answer")).Result);
        // Another question would have waited for the owner in vain, and begun the work anew after that.
        Assert.Equal((1, 1), (_remote.Asked.Count, _cache.Mart.Reads));
    }

    [Fact]
    public async Task List_OwnerThatAnswered_IsNamedUntilItIsOutOfReach()
    {
        await AskAsync();
        Assert.Equal(FakeOwner.Name, _copies.List().Single().Owner);

        _remote.IsOutOfReach = true;
        await AskAsync(CacheDemand.Check);
        Assert.Null(_copies.List().Single().Owner);
    }

    [Fact]
    public async Task Get_OwnerHasOnlyItsLastGood_ServesItMarked()
    {
        await _remote.Owner.GetAsync(CacheFixture.Key, CacheDemand.Default, default);
        _cache.Mart.Failure = new MartException("the mart is away", MartFailure.Transient);
        _cache.Time.Advance(TimeSpan.FromHours(1));

        var answer = await AskAsync();

        Assert.Equal((CacheResult.StaleOnError, "the mart is away"), (answer.Result, answer.Error));
        Assert.Equal(100m, answer.Snapshot.Rows[0].TotalAmount);
    }

    [Fact]
    public async Task Get_OwnerAnswersOlderThanWhatIsHeld_NeverGoesBack()
    {
        await AskAsync();
        var old = await _remote.Owner.GetAsync(CacheFixture.Key, CacheDemand.Default, default);
        _cache.Change("2", 200m);
        var newer = await AskAsync(CacheDemand.Check);
        // As a second activation that woke up with what it had.
        _remote.Answer = old with { Result = CacheResult.Revalidated };
        _cache.Time.Advance(TimeSpan.FromHours(1));

        var answer = await AskAsync();

        Assert.Equal((newer.Snapshot.Version, 200m), (answer.Snapshot.Version, answer.Snapshot.Rows[0].TotalAmount));
    }

    [Theory]
    [InlineData("4", "5", 500)]
    [InlineData("4", "4", 400)]
    [InlineData("4", "1", 100)]
    public async Task Get_OwnerBeginsAnewFromAStoreThatWasAway_GivesTheMartsRowsUnderAHigherVersion(string last, string present, int amount)
    {
        await AskAsync();
        _cache.IsStoreAway = true;
        foreach (var change in new[] { "2", "3", last })
        {
            _cache.Change(change, 100m * int.Parse(change));
            Assert.Equal(100m * int.Parse(change), (await AskAsync(CacheDemand.Check)).Snapshot.Rows[0].TotalAmount);
        }
        var before = (await AskAsync()).Snapshot;
        _cache.IsStoreAway = false;
        // As its grain's next activation: it knows what the store has, the first of all.
        _remote.Owner = _cache.Owner();
        _cache.Change(present, amount);
        _cache.Time.Advance(TimeSpan.FromHours(1));

        var answer = await CacheFixture.ResultInTimeAsync(AskAsync(), "the answer");

        Assert.Equal(amount, answer.Snapshot.Rows[0].TotalAmount);
        Assert.NotEqual(CacheResult.StaleOnError, answer.Result);
        Assert.True(answer.Snapshot.Version > before.Version, $"{answer.Snapshot.Version} after {before.Version}");
        Assert.Equal(_cache.Time.GetUtcNow(), answer.CheckedAt);
        var checkedAgain = await CacheFixture.ResultInTimeAsync(AskAsync(CacheDemand.Check), "the check");
        Assert.Equal((amount, answer.Snapshot.Version), (checkedAgain.Snapshot.Rows[0].TotalAmount, checkedAgain.Snapshot.Version));
        Assert.Equal(answer.Snapshot.Version, (await _cache.Snapshots.FindAsync(CacheFixture.Key, default))!.Version);
    }

    private Task<CachedAnswer> AskAsync(CacheDemand demand = default) => _copies.GetAsync(CacheFixture.Key, demand, default).AsTask();

    private sealed record Question(Snapshot? Held, TimeSpan MaxAge, SnapshotVersion MinVersion);

    /// <summary>An owner in another process, over the same mart and store.</summary>
    private sealed class FakeOwner(KeyTable owner) : IRemoteOwner
    {
        public const string Name = "the owner elsewhere";

        public KeyTable Owner { get; set; } = owner;

        public List<Question> Asked { get; } = [];

        public TaskCompletionSource Began { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource? Gate { get; set; }

        public bool IsOutOfReach { get; set; }

        /// <summary>The asker wants it no more.</summary>
        public bool IsGivenUp { get; private set; }

        /// <summary>When set, what the owner's own mart says.</summary>
        public MartException? Failure { get; set; }

        /// <summary>When set, the answer, whatever was asked.</summary>
        public CachedAnswer? Answer { get; set; }

        /// <summary>How far its clock is from the asker's.</summary>
        public TimeSpan Skew { get; set; }

        public async Task<OwnersAnswer?> AskAsync(
            QueryKey key, Snapshot? held, TimeSpan maxAge, SnapshotVersion minVersion, CancellationToken cancellationToken)
        {
            Asked.Add(new Question(held, maxAge, minVersion));
            Began.TrySetResult();
            try
            {
                if (Gate is { } gate) await gate.Task.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                IsGivenUp = true;
                throw;
            }
            if (IsOutOfReach) return null;
            if (Failure is { } failure) throw failure;
            if (Answer is { } fixedAnswer) return new(fixedAnswer, Name);
            var answer = await Owner.GetAsync(key, new CacheDemand(maxAge, OnlyIfCached: false, minVersion), cancellationToken);
            return new(answer with { CheckedAt = answer.CheckedAt + Skew }, Name);
        }
    }

    [Fact]
    public async Task Scan_OfAProcessThatOwnsItsKeysItself_LeavesWhatIsUsedAlone()
    {
        _cache.Options.MaxBytes = 100_000;
        var itself = new Itself();
        var table = itself.Table = _cache.Owner(itself);
        for (var round = 0; round < 4; round++)
            foreach (var used in Enumerable.Range(0, 30)) await table.GetAsync(Key($"used{used}"), CacheDemand.Default, default);
        foreach (var once in Enumerable.Range(0, 1_000)) await table.GetAsync(Key($"once{once}"), CacheDemand.Default, default);

        Assert.Equal(30, table.List().Count(key => key.Key.Prefix.StartsWith("used", StringComparison.Ordinal)));

        static QueryKey Key(string prefix) => CacheFixture.Key with { Prefix = prefix };
    }

    /// <summary>The owner is this very process, as in a cluster of one.</summary>
    private sealed class Itself : IRemoteOwner
    {
        public KeyTable Table { get; set; } = null!;

        public async Task<OwnersAnswer?> AskAsync(
            QueryKey key, Snapshot? held, TimeSpan maxAge, SnapshotVersion minVersion, CancellationToken cancellationToken) =>
            new(await Table.AnswerAsOwnerAsync(key, maxAge, minVersion, cancellationToken), "here");
    }
}
