using System.Net;
using System.Security.Claims;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Users;
using TransactionPipeline.Web.Health;
using TransactionPipeline.Web.SignIn;

namespace TransactionPipeline.Web.Tests.SignIn;

public sealed class UserSessionsTests
{
    private static readonly TimeSpan Later = UserSessions.Memory + TimeSpan.FromSeconds(1);
    private static readonly User Alice = new("alice", "hash", [Roles.Viewer], Disabled: false, "stamp");
    private static readonly ClaimsPrincipal Session = new(new ClaimsIdentity(
        [new(SignInClaims.Name, Alice.Name), new(SignInClaims.Stamp, Alice.Stamp)], "test"));

    private readonly FakeTimeProvider _time = new();
    private readonly StoredUsers _store = new();
    private readonly UserSessions _sessions;

    public UserSessionsTests() => _sessions = new UserSessions(_store, Options.Create(new SecurityOptions { TokenMinutes = 30 }), _time);

    [Fact]
    public async Task IsCurrent_WithinMemory_AsksTheStoreOnce()
    {
        for (var i = 0; i < 5; i++) Assert.True(await _sessions.IsCurrentAsync(Session));
        Assert.Equal(1, _store.Questions);

        _time.Advance(Later);
        _store.Answer = () => Task.FromResult<User?>(Alice with { Disabled = true });

        Assert.False(await _sessions.IsCurrentAsync(Session));
    }

    [Fact]
    public async Task IsCurrent_StoreFails_TheLastAnswerCountsForATokensLifetime()
    {
        Assert.True(await _sessions.IsCurrentAsync(Session));
        _store.Answer = Fail;

        for (var minutes = 0; minutes < 29; minutes++)
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            Assert.True(await _sessions.IsCurrentAsync(Session));
        }
        _time.Advance(TimeSpan.FromMinutes(2));

        await Assert.ThrowsAsync<StoreException>(async () => await _sessions.IsCurrentAsync(Session));
    }

    [Fact]
    public async Task IsCurrent_StoreIsBack_ItsAnswerCountsAtOnce()
    {
        Assert.True(await _sessions.IsCurrentAsync(Session));
        _store.Answer = Fail;
        _time.Advance(Later);
        Assert.True(await _sessions.IsCurrentAsync(Session));
        _store.Answer = () => Task.FromResult<User?>(Alice with { Stamp = "a new password's" });

        _time.Advance(Later);

        Assert.False(await _sessions.IsCurrentAsync(Session));
    }

    [Fact]
    public async Task IsCurrent_StoreHangs_OnlyTheFirstQuestionWaits()
    {
        Assert.True(await _sessions.IsCurrentAsync(Session));
        var never = new TaskCompletionSource<User?>();
        _store.Answer = () => never.Task;
        _time.Advance(Later);

        var first = _sessions.IsCurrentAsync(Session).AsTask();
        Assert.False(first.IsCompleted);
        _time.Advance(UserSessions.Patience);
        Assert.True(await first);

        _time.Advance(Later);
        var second = _sessions.IsCurrentAsync(Session);
        Assert.True(second.IsCompleted, "A later question waited for a store that hangs.");
        Assert.True(await second);
    }

    [Fact]
    public async Task IsCurrent_StoreFailsAndNothingIsKnown_Throws()
    {
        _store.Answer = Fail;
        await Assert.ThrowsAsync<StoreException>(async () => await _sessions.IsCurrentAsync(Session));

        _store.Answer = () => Task.FromResult<User?>(Alice);
        Assert.True(await _sessions.IsCurrentAsync(Session));
    }

    [Fact]
    public async Task IsCurrent_StoreFailsForOneWhoWasNeverHere_WhatWasReadOfAllCounts()
    {
        var health = new UsersHealth(_store, _sessions, _time);
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync(new())).Status);
        _store.Answer = Fail;

        _time.Advance(TimeSpan.FromMinutes(5));

        Assert.True(await _sessions.IsCurrentAsync(Session));
    }

    [Fact]
    public async Task Health_UsersWereReadLongAgo_ReadsThemAgainBehindTheProbe()
    {
        var health = new UsersHealth(_store, _sessions, _time);
        for (var minute = 0; minute < 60; minute++)
        {
            Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync(new())).Status);
            _time.Advance(TimeSpan.FromMinutes(1));
        }
        _store.Answer = Fail;

        Assert.Equal(4, _store.Lists);
        Assert.True(await _sessions.IsCurrentAsync(Session));
    }

    [Fact]
    public async Task Request_StoreFailsForMinutes_CachedAnswersGoOnAndStrangersAreTold503()
    {
        await using var app = new WebAppFixture
        {
            Services = services => services.Replace(ServiceDescriptor.Singleton<IUserStore>(_store)),
        };
        _store.Answer = () => Task.FromResult<User?>(Alice);
        using var alice = app.Anonymous();
        alice.DefaultRequestHeaders.Authorization = new("Bearer", TokenOf(app, Alice));
        using var bob = app.Anonymous();
        bob.DefaultRequestHeaders.Authorization = new("Bearer", TokenOf(app, Alice with { Name = "bob" }));
        var before = await alice.GetStringAsync("/sales/trends?sale_month=2023-10");
        _store.Answer = Fail;

        app.Time.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal(before, await alice.GetStringAsync("/sales/trends?sale_month=2023-10"));
        var answer = await bob.GetAsync("/sales/trends?sale_month=2023-10");
        await ProblemAssert.IsAsync(answer, HttpStatusCode.ServiceUnavailable, "The store is away.");
        Assert.Equal(TimeSpan.FromSeconds(30), answer.Headers.RetryAfter?.Delta);
    }

    private static string TokenOf(WebAppFixture app, User user) => app.Provider.GetRequiredService<AccessTokens>().Issue(user).AccessToken;

    private static Task<User?> Fail() => Task.FromException<User?>(new StoreException("The store is away.", MartFailure.Transient));

    private sealed class StoredUsers : IUserStore
    {
        public Func<Task<User?>> Answer { get; set; } = () => Task.FromResult<User?>(Alice);

        public int Questions { get; private set; }

        public Task<User?> FindAsync(string name, CancellationToken cancellationToken)
        {
            Questions++;
            return Answer();
        }

        public int Lists { get; private set; }

        public Task<IReadOnlyList<User>> ListAsync(CancellationToken cancellationToken)
        {
            Lists++;
            return Task.FromResult<IReadOnlyList<User>>([Alice]);
        }

        public Task<bool> AddAsync(User user, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<bool> UpdateAsync(User user, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
