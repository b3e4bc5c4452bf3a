using Microsoft.Extensions.Configuration;

namespace TransactionPipeline.Core.Marts;

/// <summary>The section <c>marts.guard.warehouse</c> or <c>marts.guard.operational</c>: how a mart is kept from taking the system down.</summary>
public sealed class MartGuardOptions
{
    /// <summary>The time one question may take with everything, waiting and retries included, in seconds.</summary>
    /// <value>25. A refresh asks two questions: for the change token and, when that changed, for the rows.</value>
    [ConfigurationKeyName("timeout_seconds")]
    public double TimeoutSeconds { get; set; } = 25;

    /// <summary>The time one attempt may take, in seconds; a BigQuery mart has one attempt here, and retries its calls itself.</summary>
    /// <value>12.</value>
    [ConfigurationKeyName("attempt_timeout_seconds")]
    public double AttemptTimeoutSeconds { get; set; } = 12;

    /// <summary>Questions that this process asks the mart at once; others wait their turn.</summary>
    /// <value>8; on PostgreSQL not more than the mart's share of <c>data_warehouse.postgres.max_pool_size</c>, 4 of 20.</value>
    [ConfigurationKeyName("max_concurrent")]
    public int MaxConcurrent { get; set; } = 8;

    /// <summary>Attempts after one that failed for a passing reason; for a BigQuery mart, <c>google.attempts</c> says.</summary>
    /// <value>2.</value>
    public int Retries { get; set; } = 2;

    /// <summary>The wait before the first retry, in seconds; doubled for each further one, with jitter.</summary>
    /// <value>0.2.</value>
    [ConfigurationKeyName("backoff_seconds")]
    public double BackoffSeconds { get; set; } = 0.2;

    /// <summary>The breaker opens when at least <see cref="BreakerMinAttempts"/> attempts within this time, in seconds, half of them failed.</summary>
    /// <value>30.</value>
    [ConfigurationKeyName("breaker_window_seconds")]
    public double BreakerWindowSeconds { get; set; } = 30;

    /// <summary>Attempts below which the breaker does not judge.</summary>
    /// <value>8; at least 2.</value>
    [ConfigurationKeyName("breaker_min_attempts")]
    public int BreakerMinAttempts { get; set; } = 8;

    /// <summary>How long the breaker stays open, in seconds; then one attempt tries.</summary>
    /// <value>0.5: a mart that is back shows its changes within a second. One attempt each half second is no load.</value>
    [ConfigurationKeyName("breaker_open_seconds")]
    public double BreakerOpenSeconds { get; set; } = 0.5;

    /// <summary>The same for a mart that retries by itself: one attempt, which may take the whole time.</summary>
    public MartGuardOptions WithoutRetries()
    {
        var one = (MartGuardOptions)MemberwiseClone();
        (one.AttemptTimeoutSeconds, one.Retries) = (TimeoutSeconds, 0);
        return one;
    }

    /// <summary>The same with at most <paramref name="questions"/> at once.</summary>
    public MartGuardOptions AtMost(int questions)
    {
        var fewer = (MartGuardOptions)MemberwiseClone();
        fewer.MaxConcurrent = Math.Min(MaxConcurrent, questions);
        return fewer;
    }
}
