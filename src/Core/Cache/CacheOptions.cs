using Microsoft.Extensions.Configuration;

namespace TransactionPipeline.Core.Cache;

/// <summary>The section <c>cache</c>: how old an answer may be, and how much is kept.</summary>
public sealed class CacheOptions
{
    /// <summary>Up to this age, in seconds, an answer is served without looking at the mart.</summary>
    /// <value>60.</value>
    [ConfigurationKeyName("fresh_for_seconds")]
    public double FreshForSeconds { get; set; } = 60;

    /// <summary>For this long after that, in seconds, it is served at once and refreshed behind the answer.</summary>
    /// <value>600.</value>
    [ConfigurationKeyName("stale_for_seconds")]
    public double StaleForSeconds { get; set; } = 600;

    /// <summary>Up to this age, in seconds, the last good answer is served, marked, when the mart fails.</summary>
    /// <value>86,400: a day.</value>
    [ConfigurationKeyName("max_stale_on_error_seconds")]
    public double MaxStaleOnErrorSeconds { get; set; } = 86_400;

    /// <summary>
    /// The time after which a refresh of a process that died is taken over by another, in seconds. A living one renews its key's lease
    /// until it ends, each third of this time.
    /// </summary>
    /// <value>10; 1 to 3,600.</value>
    [ConfigurationKeyName("lease_seconds")]
    public double LeaseSeconds { get; set; } = 10;

    /// <summary>Seconds to leave a failing mart alone for a key before a stale answer tries again behind the scenes.</summary>
    /// <value>5.</value>
    [ConfigurationKeyName("retry_after_error_seconds")]
    public double RetryAfterErrorSeconds { get; set; } = 5;

    /// <summary>How often a mart's change tokens are looked at, in seconds, so that a change shows at once.</summary>
    /// <value>0.5: a change shows within a second also where no notification of it comes. At least 0.1.</value>
    [ConfigurationKeyName("poll_seconds")]
    public double PollSeconds { get; set; } = 0.5;

    /// <summary>
    /// The same for a mart whose tokens cost something: BigQuery, and a PostgreSQL mart made elsewhere. Notifications are not held back.
    /// </summary>
    /// <value>15; at least 1.</value>
    [ConfigurationKeyName("slow_poll_seconds")]
    public double SlowPollSeconds { get; set; } = 15;

    /// <summary>Whether a new process reads the newest month's answers before the first caller asks for them.</summary>
    /// <value>true; the marts are queried only when they changed since the stored snapshots were read.</value>
    [ConfigurationKeyName("warm_up")]
    public bool WarmUp { get; set; } = true;

    /// <summary>Memory for snapshots and their encodings, in bytes; what is not asked for again goes first, so that a scan leaves what is used alone.</summary>
    /// <value>256 MiB.</value>
    [ConfigurationKeyName("max_bytes")]
    public long MaxBytes { get; set; } = 256L << 20;

    /// <summary>What is wrong with the section, naming the key to mend; null when nothing is.</summary>
    public string? Problem =>
        !(PollSeconds is >= 0.1 and <= 3600) ? $"cache:poll_seconds must be 0.1 to 3,600, not {PollSeconds}."
        : !(SlowPollSeconds is >= 1 and <= 86_400) ? $"cache:slow_poll_seconds must be 1 to 86,400, not {SlowPollSeconds}."
        : !(LeaseSeconds is >= 1 and <= 3600) ? $"cache:lease_seconds must be 1 to 3,600, not {LeaseSeconds}."
        : null;

    internal TimeSpan SlowPoll => TimeSpan.FromSeconds(SlowPollSeconds);

    internal TimeSpan FreshFor => TimeSpan.FromSeconds(FreshForSeconds);

    internal TimeSpan StaleFor => TimeSpan.FromSeconds(StaleForSeconds);

    internal TimeSpan MaxStaleOnError => TimeSpan.FromSeconds(MaxStaleOnErrorSeconds);

    internal TimeSpan Lease => TimeSpan.FromSeconds(LeaseSeconds);

    internal TimeSpan Poll => TimeSpan.FromSeconds(PollSeconds);

    internal TimeSpan RetryAfterError => TimeSpan.FromSeconds(RetryAfterErrorSeconds);
}
