using Microsoft.Extensions.Diagnostics.HealthChecks;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Users;
using TransactionPipeline.Web.SignIn;

namespace TransactionPipeline.Web.Health;

/// <summary>
/// Whether this process can tell who somebody is. One that starts while the store is away knows no user and would refuse everybody, so it
/// is not ready until it has read the users once; from then on those that are signed in, here or elsewhere, go on without the store.
/// </summary>
internal sealed class UsersHealth(IUserStore users, UserSessions sessions, TimeProvider time) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private volatile Task _reading = Task.CompletedTask;
    private volatile Known? _known;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var isOld = _known is not { } known || time.GetElapsedTime(known.At) >= sessions.Outage / 2;
        if (isOld && _reading.IsCompleted)
        {
            _reading = ReadAsync();
            _ = _reading.SettledAsync();
        }
        // Once they are known they are read again behind the probe, so that also one who was never here can go on without the store; a
        // failure of that is the store's to tell, and the next probe tries again.
        if (_known is not null) return HealthCheckResult.Healthy();
        try
        {
            await _reading.WaitAsync(Patience, time, cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception away) when (away is StoreException or TimeoutException)
        {
            return HealthCheckResult.Unhealthy("the users cannot be read, so nobody would be let in");
        }
    }

    private async Task ReadAsync()
    {
        var asked = time.GetTimestamp();
        sessions.Learn(await users.ListAsync(CancellationToken.None), asked);
        _known = new Known(asked);
    }

    /// <summary>That they are, and when it was asked for.</summary>
    private sealed record Known(long At);
}
