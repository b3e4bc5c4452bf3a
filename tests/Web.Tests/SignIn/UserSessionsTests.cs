using System.Security.Claims;
using Microsoft.Extensions.Time.Testing;
using TransactionPipeline.Core.Users;
using TransactionPipeline.Web.SignIn;

namespace TransactionPipeline.Web.Tests.SignIn;

public sealed class UserSessionsTests
{
    private static readonly ClaimsPrincipal Alice =
        new(new ClaimsIdentity([new Claim(SignInClaims.Name, "alice"), new Claim(SignInClaims.Stamp, "s1")]));

    private readonly FakeTimeProvider _time = new();
    private readonly SwitchableUsers _users = new();
    private readonly UserSessions _sessions;

    public UserSessionsTests() => _sessions = new UserSessions(_users, _time);

    [Fact]
    public async Task IsCurrent_StoreAway_GoesOnAsLastReadAndEndsOnceTheStoreSaysSo()
    {
        Assert.True(await _sessions.IsCurrentAsync(Alice));

        _users.Answer = Task.FromException<User?>(new IOException("away"));
        for (var i = 0; i < 3; i++)
        {
            _time.Advance(UserSessions.Memory);
            Assert.True(await _sessions.IsCurrentAsync(Alice));
        }

        _users.Answer = Task.FromResult<User?>(_users.Alice with { Disabled = true });
        _time.Advance(UserSessions.Memory);
        Assert.False(await _sessions.IsCurrentAsync(Alice));
    }

    [Fact]
    public async Task IsCurrent_StoreHangsAfterItWasAway_DoesNotWaitForIt()
    {
        Assert.True(await _sessions.IsCurrentAsync(Alice));
        _users.Answer = Task.FromException<User?>(new IOException("away"));
        _time.Advance(UserSessions.Memory);
        Assert.True(await _sessions.IsCurrentAsync(Alice));

        _users.Answer = new TaskCompletionSource<User?>().Task;
        _time.Advance(UserSessions.Memory);

        var asked = _sessions.IsCurrentAsync(Alice).AsTask();
        Assert.True(asked.IsCompletedSuccessfully);
        Assert.True(await asked);
    }

    [Fact]
    public async Task IsCurrent_StoreAwayAndUserNeverRead_FailsAndAsksAgainAtOnce()
    {
        _users.Answer = Task.FromException<User?>(new IOException("away"));
        await Assert.ThrowsAsync<IOException>(() => _sessions.IsCurrentAsync(Alice).AsTask());

        _users.Answer = Task.FromResult<User?>(_users.Alice);
        Assert.True(await _sessions.IsCurrentAsync(Alice));
    }

    private sealed class SwitchableUsers : IUserStore
    {
        public SwitchableUsers() => Answer = Task.FromResult<User?>(Alice);

        public User Alice { get; } = new("alice", "hash", [], Disabled: false, "s1");

        public Task<User?> Answer { get; set; }

        public Task<User?> FindAsync(string name, CancellationToken cancellationToken) => Answer;

        public Task<IReadOnlyList<User>> ListAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<bool> AddAsync(User user, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<bool> UpdateAsync(User user, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
