using Microsoft.Extensions.Diagnostics.HealthChecks;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Web.Health;

/// <summary>
/// Whether this process can tell who somebody is. One that starts while the store is away knows no user and would refuse everybody, so it
/// is not ready until it has read the users once; from then on those that are signed in go on without the store.
/// </summary>
internal sealed class UsersHealth(IUserStore users, TimeProvider time) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private volatile bool _hasRead;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (_hasRead) return HealthCheckResult.Healthy();
        try
        {
            // Any name: that there is an answer is what counts.
            await users.FindAsync("probe", cancellationToken).WaitAsync(Patience, time, cancellationToken);
            _hasRead = true;
            return HealthCheckResult.Healthy();
        }
        catch (Exception away) when (away is StoreException or TimeoutException)
        {
            return HealthCheckResult.Unhealthy("the users cannot be read, so nobody would be let in");
        }
    }
}
