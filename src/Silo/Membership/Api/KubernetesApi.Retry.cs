using System.Security.Cryptography;

namespace TransactionPipeline.Silo.Membership.Api;

internal sealed partial class KubernetesApi
{
    // No server may hold a silo longer than this by its Retry-After: Orleans' own retries come after ours.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    /// <summary>Waits a random part of the delay that grows with each attempt, so that silos that collided don't collide again.</summary>
    public Task PauseAsync(int attempt, TimeSpan? atLeast, CancellationToken cancel)
    {
        var ceiling = options.RetryDelay * Math.Pow(2, Math.Min(attempt - 1, 10));
        var wait = ceiling * (RandomNumberGenerator.GetInt32(1, 1001) / 1000.0);
        if (atLeast is { } asked && asked > wait) wait = asked;
        return Task.Delay(wait < LongestWait ? wait : LongestWait, time, cancel);
    }

    /// <summary>Repeats a call that does no harm when carried out twice.</summary>
    private async Task<T> RepeatAsync<T>(Func<Task<T>> call, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call();
            }
            catch (KubernetesApiException e) when (e.IsTransient && attempt < options.MaxAttempts)
            {
                LogRepeated(attempt, options.MaxAttempts, e.Fault, e.Message);
                await PauseAsync(attempt, e.RetryAfter, cancel);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Attempt {Attempt} of {MaxAttempts} failed ({Fault}): {Reason}")]
    private partial void LogRepeated(int attempt, int maxAttempts, KubernetesFault fault, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The list of {Resource} outlived its revision and begins anew")]
    private partial void LogListRestarted(string resource);
}
