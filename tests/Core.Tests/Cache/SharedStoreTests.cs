using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Tests.Cache;

/// <summary>Several processes over one store.</summary>
public sealed class SharedStoreTests : IAsyncLifetime
{
    private readonly CacheFixture _cache = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _cache.DisposeAsync();

    [Fact]
    public async Task Get_AfterARestart_AnswersFromTheStoredSnapshot()
    {
        var before = await AskAsync(_cache.Owner());

        var after = await AskAsync(_cache.Owner());

        Assert.Equal(CacheResult.Hit, after.Result);
        Assert.Equal(before.Snapshot with { Rows = after.Snapshot.Rows }, after.Snapshot);
        Assert.Equal(before.Snapshot.Rows.All(), after.Snapshot.Rows.All());
        Assert.Equal(1, _cache.Mart.Reads);
    }

    [Fact]
    public async Task Get_RestartWhileTheMartIsAway_ServesTheLastGood()
    {
        await AskAsync(_cache.Owner());
        _cache.Mart.Failure = new MartException("the mart is away", MartFailure.Transient);
        _cache.Time.Advance(TimeSpan.FromHours(2));

        Assert.Equal(CacheResult.StaleOnError, (await AskAsync(_cache.Owner())).Result);
    }

    [Fact]
    public async Task Get_RestartWhileTheMartIsAway_WhatTheWatchSawCounts()
    {
        var owner = _cache.Owner();
        await AskAsync(owner);
        _cache.Time.Advance(TimeSpan.FromHours(30));
        var seen = _cache.Time.GetUtcNow();
        await _cache.Snapshots.NoteAsync(CacheFixture.Key.Mart, [new(CacheFixture.Key.Month, "1", seen)], CancellationToken.None);
        _cache.Mart.Failure = new MartException("the mart is away", MartFailure.Transient);
        _cache.Time.Advance(TimeSpan.FromHours(2));

        var answer = await AskAsync(_cache.Owner());

        Assert.Equal((CacheResult.StaleOnError, seen), (answer.Result, answer.CheckedAt));
    }

    [Fact]
    public async Task Sweep_KeyOfAnUnchangedMonthInUse_StaysStoredHoweverOld()
    {
        var owner = _cache.Owner();
        await AskAsync(owner);
        for (var day = 0; day < 10; day++)
        {
            _cache.Time.Advance(TimeSpan.FromDays(1));
            owner.Learn(CacheFixture.Key.Mart, CacheFixture.Key.Month, "1", _cache.Time.GetUtcNow());
            Assert.Equal(CacheResult.Hit, (await AskAsync(owner)).Result);
        }
        var now = _cache.Time.GetUtcNow();
        await Phase.UntilAsync(() => _cache.UsedAt() == now, "the telling of its use, behind the answer");
        await _cache.Sweeper.SweepAsync(now.AddDays(-7), now, CancellationToken.None);

        Assert.NotNull(await _cache.Snapshots.LoadAsync(CacheFixture.Key, CancellationToken.None));
        Assert.Equal(1, _cache.Mart.Reads);
    }

    [Fact]
    public async Task Get_ColdInThreeProcesses_QueriesOnce()
    {
        _cache.Mart.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        KeyTable[] owners = [_cache.Owner(), _cache.Owner(), _cache.Owner()];
        var asking = Task.WhenAll(owners.Select(AskAsync));
        await CacheFixture.InTimeAsync(_cache.Mart.ReadBegan.Task, "the read");
        _cache.Mart.Gate.SetResult();

        var answers = await _cache.WithTimeAsync(asking, "the answers of three processes");

        Assert.Equal(1, _cache.Mart.Reads);
        Assert.Single(answers.Select(answer => answer.Snapshot.Version).Distinct());
    }

    [Fact]
    public async Task Get_MartIsSlowerThanTheLease_TheLivingHolderKeepsItAndTheMartIsAskedOnce()
    {
        _cache.Mart.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var leases = new CountedLeases(_cache.Leases, _cache.Time);
        var slow = AskAsync(_cache.Owner(leases: leases));
        await CacheFixture.InTimeAsync(_cache.Mart.ReadBegan.Task, "the read");
        var waiting = AskAsync(_cache.Owner());

        // Five thirds of the lease. The clock never runs ahead of the renewals for as long as the lease holds.
        await Phase.UntilAsync(
            () =>
            {
                if (_cache.Time.GetUtcNow() - leases.RenewedAt < _cache.Options.Lease * 0.9) _cache.Time.Advance(TimeSpan.FromSeconds(1));
                return leases.Renewals >= 5;
            },
            "the fifth renewal of the lease");
        Assert.False(slow.IsCompleted || waiting.IsCompleted);
        _cache.Mart.Gate.SetResult();

        var answers = await _cache.WithTimeAsync(Task.WhenAll(slow, waiting), "the answers of both processes");
        Assert.Equal((1, 1), (_cache.Mart.Tokens, _cache.Mart.Reads));
        Assert.Equal(CacheResult.Miss, answers[0].Result);
        var stored = (await _cache.Snapshots.FindAsync(CacheFixture.Key, default))!.Version;
        Assert.All(answers, answer => Assert.Equal(stored, answer.Snapshot.Version));
    }

    [Fact]
    public async Task Get_HolderHangsInMidRefresh_AnotherTakesOverAfterTheLeaseAndTheLateCommitIsRefused()
    {
        _cache.Mart.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        // Its clock stands still, as a dead process's does: it renews nothing.
        var clock = new SteppedTime(_cache.Time.GetUtcNow());
        var hung = AskAsync(_cache.Owner(clock: clock));
        await CacheFixture.InTimeAsync(_cache.Mart.ReadBegan.Task, "the read");
        var gate = _cache.Mart.Gate;
        _cache.Mart.Gate = null;
        _cache.Change("2", 200m);

        var began = _cache.Time.GetUtcNow();
        var second = await _cache.WithTimeAsync(AskAsync(_cache.Owner()), "the take-over");
        Assert.Equal(200m, second.Snapshot.Rows[0].TotalAmount);
        Assert.InRange(_cache.Time.GetUtcNow() - began, _cache.Options.Lease - TimeSpan.FromSeconds(1), _cache.Options.Lease + TimeSpan.FromSeconds(10));

        // The first one comes back with what it read before the change: its fence is old, it must end with the newer rows.
        gate.SetResult();
        var first = await CacheFixture.WithTimeAsync(clock, hung, "the late answer");
        Assert.Equal(200m, first.Snapshot.Rows[0].TotalAmount);
        Assert.Equal(second.Snapshot.Version, (await _cache.Snapshots.FindAsync(CacheFixture.Key, default))!.Version);
    }

    [Fact]
    public async Task Get_HolderIsKnownToHaveEnded_IsTakenOverAtOnceAndItsLateCommitIsRefused()
    {
        var gate = _cache.Mart.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var frozen = _cache.Owner();
        var hung = AskAsync(frozen);
        await CacheFixture.InTimeAsync(_cache.Mart.ReadBegan.Task, "the read");
        _cache.Mart.Gate = null;
        _cache.Change("2", 200m);
        var asking = AskAsync(_cache.Owner());

        var began = _cache.Time.GetUtcNow();
        _cache.Ended.Add("process 0");
        var second = await _cache.WithTimeAsync(asking, "the take-over");

        Assert.Equal(200m, second.Snapshot.Rows[0].TotalAmount);
        Assert.InRange(_cache.Time.GetUtcNow() - began, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        // It was not dead, as a frozen process is not: its fence is old.
        gate.SetResult();
        var first = await _cache.WithTimeAsync(hung, "the late answer");
        Assert.Equal((200m, second.Snapshot.Version), (first.Snapshot.Rows[0].TotalAmount, first.Snapshot.Version));
        Assert.Equal(second.Snapshot.Version, (await _cache.Snapshots.FindAsync(CacheFixture.Key, default))!.Version);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Get_StoreWasAwayAtTheEndOfARefresh_DoesNotWaitForTheLeaseThatCouldNotBeGivenBack(bool sameProcess)
    {
        var gate = _cache.Mart.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = _cache.Owner();
        var refreshing = AskAsync(first);
        await CacheFixture.InTimeAsync(_cache.Mart.ReadBegan.Task, "the read");
        _cache.IsStoreAway = true;
        gate.SetResult();
        Assert.Equal(100m, (await _cache.WithTimeAsync(refreshing, "the answer")).Snapshot.Rows[0].TotalAmount);
        _cache.Mart.Gate = null;
        _cache.Change("2", 200m);
        _cache.IsStoreAway = false;

        var began = _cache.Time.GetUtcNow();
        var other = sameProcess ? first : _cache.Owner();
        var answer = await _cache.WithTimeAsync(other.GetAsync(CacheFixture.Key, CacheDemand.Check, default).AsTask(), "the check");

        Assert.Equal(200m, answer.Snapshot.Rows[0].TotalAmount);
        Assert.InRange(_cache.Time.GetUtcNow() - began, TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Get_StoredBeforeTheClockWasSetBack_IsReliedOnNoMoreThanItsDatesAllow()
    {
        var stored = (await AskAsync(_cache.Owner())).Snapshot;

        // Checked later than now: then it was right when it was read, and nobody knows since when.
        _cache.RestoreStore(stored with { DataAsOf = _cache.Time.GetUtcNow().AddHours(-2), CheckedAt = _cache.Time.GetUtcNow().AddMinutes(10) });
        var head = await _cache.Snapshots.FindAsync(CacheFixture.Key, default);
        Assert.Equal(_cache.Time.GetUtcNow().AddHours(-2), head!.CheckedAt);
        Assert.Equal((CacheResult.Revalidated, 1), ((await AskAsync(_cache.Owner())).Result, _cache.Mart.Reads));

        // Read later than now: made anew.
        _cache.RestoreStore(stored with { DataAsOf = _cache.Time.GetUtcNow().AddMinutes(5), CheckedAt = _cache.Time.GetUtcNow().AddMinutes(10) });
        var made = await AskAsync(_cache.Owner());
        Assert.Equal((CacheResult.Miss, 2, _cache.Time.GetUtcNow()), (made.Result, _cache.Mart.Reads, made.CheckedAt));
        Assert.True(made.Snapshot.Version > stored.Version);
    }

    [Fact]
    public async Task Get_VersionSeenElsewhere_IsFetchedRatherThanAnOlderOneServed()
    {
        var behind = _cache.Owner();
        await AskAsync(behind);
        var ahead = _cache.Owner();
        _cache.Change("2", 200m);
        var newer = await ahead.GetAsync(CacheFixture.Key, CacheDemand.Check, default);

        var answer = await behind.GetAsync(CacheFixture.Key, CacheDemand.Default with { MinVersion = newer.Snapshot.Version }, default);

        Assert.Equal((newer.Snapshot.Version, 200m), (answer.Snapshot.Version, answer.Snapshot.Rows[0].TotalAmount));
        Assert.Equal(2, _cache.Mart.Reads);
    }

    [Fact]
    public async Task Learn_WhileAnotherRefreshes_IsNotForgottenOverACheckFromBeforeTheChange()
    {
        var (replica, other) = (_cache.Owner(), _cache.Owner());
        await AskAsync(replica);
        _cache.Time.Advance(TimeSpan.FromSeconds(1));
        var checkedAt = (await other.GetAsync(CacheFixture.Key, CacheDemand.Check, default)).CheckedAt;
        // Another process is at it, so the refresh behind finds the lease taken, and in the store nothing but that check.
        var lease = await _cache.Leases.TryAcquireAsync(CacheFixture.Key.ToString(), "busy", TimeSpan.FromSeconds(30), default);
        _cache.Change("2", 200m);
        replica.Learn(CacheFixture.Key.Mart, CacheFixture.Key.Month, "2", _cache.Time.GetUtcNow());
        await replica.WhenIdleAsync().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(checkedAt, replica.List().Single().CheckedAt);
        await replica.DisposeAsync();
        await _cache.Leases.ReleaseAsync(lease!, default);

        var answer = await _cache.WithTimeAsync(AskAsync(replica), "the answer");

        Assert.Equal(200m, answer.Snapshot.Rows[0].TotalAmount);
    }

    [Fact]
    public async Task Learn_OfAChangeThatAnotherHasFetched_AsksTheMartNothing()
    {
        var (replica, other) = (_cache.Owner(), _cache.Owner());
        await AskAsync(replica);
        _cache.Change("2", 200m);
        await other.GetAsync(CacheFixture.Key, CacheDemand.Check, default);
        var asked = _cache.Mart.Tokens;

        // Later than the other's check: its rows are the right ones all the same, as their token is.
        _cache.Time.Advance(TimeSpan.FromMilliseconds(1));
        var learnedAt = _cache.Time.GetUtcNow();
        replica.Learn(CacheFixture.Key.Mart, CacheFixture.Key.Month, "2", learnedAt);
        await replica.WhenIdleAsync().WaitAsync(TimeSpan.FromSeconds(20));

        var answer = await AskAsync(replica);
        Assert.Equal((CacheResult.Hit, 200m, learnedAt), (answer.Result, answer.Snapshot.Rows[0].TotalAmount, answer.CheckedAt));
        Assert.Equal((asked, 2), (_cache.Mart.Tokens, _cache.Mart.Reads));
    }

    [Fact]
    public async Task Learn_ToldAgainAfterARefresh_DoesNotOutdateTheNewerSnapshot()
    {
        var owner = _cache.Owner();
        await AskAsync(owner);
        var looked = _cache.Time.GetUtcNow();
        owner.Learn(CacheFixture.Key.Mart, CacheFixture.Key.Month, "1", looked);
        _cache.Change("2", 200m);
        await owner.GetAsync(CacheFixture.Key, CacheDemand.Check, default);

        owner.Learn(CacheFixture.Key.Mart, CacheFixture.Key.Month, "1", looked);

        Assert.Equal((CacheResult.Hit, 2), ((await AskAsync(owner)).Result, _cache.Mart.Tokens));
    }

    [Fact]
    public async Task Commit_WithALeaseThatAnotherTook_WritesNothing()
    {
        var leases = _cache.Leases;
        var snapshots = _cache.Snapshots;
        var old = await leases.TryAcquireAsync(CacheFixture.Key.ToString(), "a", TimeSpan.FromSeconds(1), default);
        _cache.Time.Advance(TimeSpan.FromSeconds(2));
        var now = await leases.TryAcquireAsync(CacheFixture.Key.ToString(), "b", TimeSpan.FromSeconds(1), default);
        var time = _cache.Time.GetUtcNow();
        var snapshot = new Snapshot(CacheFixture.Key, new(1, 1), "1", time, time, MartRows.Empty);

        Assert.Equal(CommitOutcome.LeaseLost, (await snapshots.CommitAsync(old!, snapshot, default)).Outcome);
        Assert.Null(await snapshots.FindAsync(CacheFixture.Key, default));
        Assert.Equal(CommitOutcome.Stored, (await snapshots.CommitAsync(now!, snapshot, default)).Outcome);
    }

    [Fact]
    public async Task Refresh_InTwoProcessesWithTheStoreAway_NeverGivesOneVersionToTwoContents()
    {
        // At the very same moment, by clocks that stand still.
        var (one, other) = (_cache.Owner(), _cache.Owner());
        _cache.IsStoreAway = true;
        var first = await AskAsync(one);
        _cache.Mart.Change("2", 200m);
        var second = await AskAsync(other);

        Assert.NotEqual(first.Snapshot.Version, second.Snapshot.Version);

        // The store has one of them; the other process takes the mart's word, and nobody's version goes back.
        _cache.IsStoreAway = false;
        _cache.Time.Advance(TimeSpan.FromMilliseconds(1));
        foreach (var (process, before) in new[] { (other, second), (one, first), (other, second) })
        {
            var answer = await process.GetAsync(CacheFixture.Key, CacheDemand.Check, default);
            Assert.Equal(200m, answer.Snapshot.Rows[0].TotalAmount);
            Assert.True(answer.Snapshot.Version >= before.Snapshot.Version);
        }
    }

    [Theory]
    [InlineData(50)]
    [InlineData(-50)]
    public async Task Refresh_ClockWrongByYears_VersionsGoOnRising(int years)
    {
        var clock = new SteppedTime(_cache.Time.GetUtcNow().AddYears(years));
        var wrong = _cache.Owner(clock: clock);
        var right = _cache.Owner();
        var last = SnapshotVersion.None;
        for (var change = 2; change < 10; change++)
        {
            _cache.Change($"{change}", 100m * change);
            clock.Advance(TimeSpan.FromMilliseconds(2));
            var answer = await (change % 2 == 0 ? wrong : right).GetAsync(CacheFixture.Key, CacheDemand.Check, default);
            Assert.Equal(100m * change, answer.Snapshot.Rows[0].TotalAmount);
            Assert.True(answer.Snapshot.Version > last, $"{answer.Snapshot.Version} after {last}");
            last = answer.Snapshot.Version;
        }
    }

    [Fact]
    public async Task Refresh_StoreRestoredFromAnOlderCopy_GoesOnAboveWhatWasServed()
    {
        var owner = _cache.Owner();
        await AskAsync(owner);
        var copied = (await _cache.Snapshots.LoadAsync(CacheFixture.Key, default))!;
        _cache.Change("2", 200m);
        var served = await owner.GetAsync(CacheFixture.Key, CacheDemand.Check, default);

        _cache.RestoreStore(copied);
        var unchanged = await owner.GetAsync(CacheFixture.Key, CacheDemand.Check, default);
        Assert.Equal((served.Snapshot.Version, 200m), (unchanged.Snapshot.Version, unchanged.Snapshot.Rows[0].TotalAmount));
        _cache.RestoreStore(copied);
        _cache.Change("3", 300m);
        var changed = await owner.GetAsync(CacheFixture.Key, CacheDemand.Check, default);

        Assert.Equal((true, 300m), (changed.Snapshot.Version > served.Snapshot.Version, changed.Snapshot.Rows[0].TotalAmount));
        Assert.Equal(changed.Snapshot.Version, (await _cache.Snapshots.FindAsync(CacheFixture.Key, default))!.Version);
    }

    [Fact]
    public async Task Get_HigherVersionOfWhatTheMartHadBefore_IsNotServedInPlaceOfWhatItHasNow()
    {
        var replica = _cache.Owner();
        var old = (await AskAsync(replica)).Snapshot;
        _cache.Change("2", 200m);
        var newest = (await replica.GetAsync(CacheFixture.Key, CacheDemand.Check, default)).Snapshot;
        // Another process, whose clock is ahead, had committed the old rows anew.
        var higher = old with { Version = new SnapshotVersion(newest.Version.Time + 1_000_000, 99) };
        _cache.RestoreStore(higher);
        _cache.Time.Advance(TimeSpan.FromSeconds(61));

        var stale = await AskAsync(replica);
        await replica.WhenIdleAsync().WaitAsync(TimeSpan.FromSeconds(20));
        var answer = await AskAsync(replica);

        Assert.Equal((200m, 200m, CacheResult.Hit), (stale.Snapshot.Rows[0].TotalAmount, answer.Snapshot.Rows[0].TotalAmount, answer.Result));
        Assert.True(answer.Snapshot.Version > higher.Version);
        // Who has the higher version is not told that it is right.
        var asked = await replica.GetAsync(CacheFixture.Key, CacheDemand.Default with { MinVersion = higher.Version }, default);
        Assert.Equal((200m, answer.Snapshot.Version), (asked.Snapshot.Rows[0].TotalAmount, asked.Snapshot.Version));
    }

    /// <summary>Counts what is renewed.</summary>
    private sealed class CountedLeases(ILeaseStore leases, TimeProvider time) : ILeaseStore
    {
        private int _renewals;
        private long _renewedAt = time.GetUtcNow().UtcTicks;

        public int Renewals => Volatile.Read(ref _renewals);

        public DateTimeOffset RenewedAt => new(Interlocked.Read(ref _renewedAt), TimeSpan.Zero);

        public Task<Lease?> TryAcquireAsync(string name, string holder, TimeSpan duration, CancellationToken cancellationToken) =>
            leases.TryAcquireAsync(name, holder, duration, cancellationToken);

        public async Task<bool> RenewAsync(Lease lease, TimeSpan duration, CancellationToken cancellationToken)
        {
            var now = time.GetUtcNow();
            if (!await leases.RenewAsync(lease, duration, cancellationToken)) return false;
            Interlocked.Exchange(ref _renewedAt, now.UtcTicks);
            Interlocked.Increment(ref _renewals);
            return true;
        }

        public Task ReleaseAsync(Lease lease, CancellationToken cancellationToken) => leases.ReleaseAsync(lease, cancellationToken);
    }

    private static Task<CachedAnswer> AskAsync(KeyTable owner) =>
        owner.GetAsync(CacheFixture.Key, CacheDemand.Default, default).AsTask();
}
