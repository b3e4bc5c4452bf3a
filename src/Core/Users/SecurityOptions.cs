using Microsoft.Extensions.Configuration;

namespace TransactionPipeline.Core.Users;

/// <summary>The section <c>security</c> of pipeline_config.yaml.</summary>
public sealed class SecurityOptions
{
    /// <summary>The value that the shipped configuration has; refused outside Development.</summary>
    public const string DefaultJwtSecret = "your-secret-key";

    /// <summary>The key that signs tokens (HS256), as text; at least 32 bytes outside Development.</summary>
    [ConfigurationKeyName("jwt_secret")]
    public string JwtSecret { get; set; } = DefaultJwtSecret;

    /// <summary>How long a token counts, in minutes.</summary>
    /// <value>30.</value>
    [ConfigurationKeyName("token_minutes")]
    public double TokenMinutes { get; set; } = 30;

    /// <summary>When set, ids are hashed with HMAC-SHA-256 under this key instead of SHA-256. Changing it changes every id.</summary>
    [ConfigurationKeyName("pii_key")]
    public string? PiiKey { get; set; }

    /// <summary>How many failed sign-ins are let in.</summary>
    public ThrottleOptions Throttle { get; set; } = new();
}
