using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Marts;

/// <summary>
/// A mart behind its guards, from the outside in: a time-out for the whole, a limit on concurrent questions, retries with backoff and
/// jitter, a breaker, a time-out for each attempt. A mart that is slow or away costs a bounded number of waiting tasks and connections.
/// Only passing failures (<see cref="MartFailure.Transient"/>) are retried and counted by the breaker.
/// </summary>
public sealed class GuardedMartSource : IMartSource, IDisposable
{
    private readonly IMartSource _mart;
    private readonly ResiliencePipeline _whole;
    private readonly ResiliencePipeline _attempts;
    private readonly SemaphoreSlim _slots;
    private readonly CircuitBreakerStateProvider _breaker = new();

    /// <summary>Guards <paramref name="mart"/>.</summary>
    public GuardedMartSource(IMartSource mart, MartGuardOptions options, TimeProvider time)
    {
        _mart = mart;
        _slots = new SemaphoreSlim(options.MaxConcurrent);
        _whole = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddTimeout(TimeSpan.FromSeconds(options.TimeoutSeconds))
            .Build();
        var passing = new PredicateBuilder()
            .Handle<MartException>(static failed => failed.Failure == MartFailure.Transient)
            .Handle<TimeoutRejectedException>();
        var attempts = new ResiliencePipelineBuilder { TimeProvider = time };
        if (options.Retries > 0)
        {
            attempts.AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = passing,
                MaxRetryAttempts = options.Retries,
                Delay = TimeSpan.FromSeconds(options.BackoffSeconds),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
            });
        }
        _attempts = attempts
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                ShouldHandle = passing,
                FailureRatio = 0.5,
                SamplingDuration = TimeSpan.FromSeconds(options.BreakerWindowSeconds),
                MinimumThroughput = options.BreakerMinAttempts,
                BreakDuration = TimeSpan.FromSeconds(options.BreakerOpenSeconds),
                StateProvider = _breaker,
            })
            .AddTimeout(TimeSpan.FromSeconds(options.AttemptTimeoutSeconds))
            .Build();
    }

    /// <inheritdoc/>
    public string Store => _mart.Store;

    /// <inheritdoc/>
    public Task<StoreIdentity> IdentifyAsync(CancellationToken cancellationToken) => _mart.IdentifyAsync(cancellationToken);

    /// <inheritdoc/>
    public bool IsCostlyToPoll => _mart.IsCostlyToPoll;

    /// <inheritdoc/>
    public bool HasOneToken => _mart.HasOneToken;

    /// <summary>Why the mart is not asked at present; null while it is. For health.</summary>
    public string? Problem => _breaker.CircuitState is CircuitState.Open or CircuitState.Isolated
        ? $"the {Store} mart failed again and again and is left alone for a while"
        : null;

    /// <inheritdoc/>
    public Task<string> GetChangeTokenAsync(Month month, CancellationToken cancellationToken) =>
        AskAsync(token => _mart.GetChangeTokenAsync(month, token), cancellationToken);

    /// <inheritdoc/>
    public Task<MartRows> ReadAsync(QueryKey key, CancellationToken cancellationToken) =>
        AskAsync(token => _mart.ReadAsync(key, token), cancellationToken);

    /// <inheritdoc/>
    public Task<Month?> FindNewestMonthAsync(CancellationToken cancellationToken) =>
        AskAsync(_mart.FindNewestMonthAsync, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _slots.Dispose();

    private async Task<T> AskAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        try
        {
            return await _whole.ExecuteAsync(
                async whole =>
                {
                    await _slots.WaitAsync(whole);
                    try
                    {
                        return await _attempts.ExecuteAsync(async attempt => await ask(attempt), whole);
                    }
                    finally
                    {
                        _slots.Release();
                    }
                },
                cancellationToken);
        }
        catch (TimeoutRejectedException late)
        {
            throw new MartException("The mart did not answer in time.", MartFailure.Transient, late);
        }
        catch (BrokenCircuitException open)
        {
            throw new MartException("The mart failed again and again and is left alone for a while.", MartFailure.Unavailable, open)
            {
                RetryAfter = open.RetryAfter,
            };
        }
    }
}
