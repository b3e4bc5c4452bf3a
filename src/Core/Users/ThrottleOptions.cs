using Microsoft.Extensions.Configuration;

namespace TransactionPipeline.Core.Users;

/// <summary>The section <c>security.throttle</c>: how many failed sign-ins are let in. A successful one does not count.</summary>
public sealed class ThrottleOptions
{
    /// <summary>Failures for one user name within the window, whoever tries.</summary>
    /// <value>10.</value>
    [ConfigurationKeyName("failures_per_user")]
    public int FailuresPerUser { get; set; } = 10;

    /// <summary>Failures from one address within the window; an IPv6 address counts as its /64 network.</summary>
    /// <value>30.</value>
    [ConfigurationKeyName("failures_per_address")]
    public int FailuresPerAddress { get; set; } = 30;

    /// <summary>The length of the sliding window, in minutes.</summary>
    /// <value>5.</value>
    [ConfigurationKeyName("window_minutes")]
    public double WindowMinutes { get; set; } = 5;
}
