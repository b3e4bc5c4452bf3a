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

    private Task _reading = Task.CompletedTask;
    private long? _readAt;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var isKnown = _readAt is { } readAt && time.GetElapsedTime(readAt) < sessions.Outage / 2;
        if (!isKnown && _reading.IsCompleted)
        {
            _reading = ReadAsync();
            _ = _reading.SettledAsync();
        }
        // Once they are known they are read again behind the probe, so that also one who was never here can go on without the store.
        if (_readAt is not null) return HealthCheckResult.Healthy();
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
        _readAt = asked;
    }
}
