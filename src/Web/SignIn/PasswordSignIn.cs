using System.Net;
using Microsoft.AspNetCore.Identity;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Web.SignIn;

/// <summary>Checks name and password, for the token and for the cookie alike.</summary>
internal sealed partial class PasswordSignIn(
    IUserStore users, IPasswordHasher<User> hasher, SignInThrottle throttle, ILogger<PasswordSignIn> logger)
{
    // Checked in place of a missing user's, so that time does not tell which names exist.
    private readonly Lazy<string> _nobodysHash = new(() => hasher.HashPassword(null!, UserRules.NewStamp()));

    public async Task<SignInOutcome> TryAsync(string name, string password, IPAddress? address, CancellationToken cancellationToken)
    {
        // Made at the first sign-in, whoever it is, so that this too tells nothing.
        var nobodysHash = _nobodysHash.Value;
        if (!throttle.TryBegin(name, address, out var wait))
        {
            LogThrottled(logger, address);
            return new SignInOutcome(null, wait);
        }

        var user = UserRules.ProblemOfName(name) is null ? await users.FindAsync(name, cancellationToken) : null;
        var verdict = hasher.VerifyHashedPassword(user!, user?.PasswordHash ?? nobodysHash, password);
        if (user is null || verdict == PasswordVerificationResult.Failed || user.Disabled)
        {
            // Only names that exist are logged: people type passwords into the wrong field, and strangers write what they like.
            LogRefused(logger, user?.Name ?? "(unknown)", address);
            return new SignInOutcome(null, TimeSpan.Zero);
        }

        throttle.Succeeded(name, address);
        LogSignedIn(logger, user.Name);
        return new SignInOutcome(user, TimeSpan.Zero);
    }

    [LoggerMessage(LogLevel.Information, "User {User} logged in")]
    private static partial void LogSignedIn(ILogger logger, string user);

    [LoggerMessage(LogLevel.Warning, "Sign-in refused for user {User} from {Address}")]
    private static partial void LogRefused(ILogger logger, string user, IPAddress? address);

    [LoggerMessage(LogLevel.Warning, "Sign-in throttled from {Address}")]
    private static partial void LogThrottled(ILogger logger, IPAddress? address);
}

/// <summary>How a sign-in went.</summary>
/// <param name="User">Who signed in; null when nobody did.</param>
/// <param name="Wait">When positive: there were too many failures, the password has not even been looked at.</param>
internal sealed record SignInOutcome(User? User, TimeSpan Wait)
{
    public bool IsThrottled => Wait > TimeSpan.Zero;

    public int WaitSeconds => (int)Math.Ceiling(Wait.TotalSeconds);

    /// <summary>What to tell whoever tried.</summary>
    public string Detail => IsThrottled ? $"Too many failed sign-ins; try again in {WaitSeconds} seconds." : "Incorrect credentials";
}
