using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace TransactionPipeline.Core.Users;

/// <summary>What a user may be called, and what counts as a password.</summary>
public static partial class UserRules
{
    /// <summary>The longest name.</summary>
    public const int MaxNameLength = 64;

    /// <summary>The longest password: enough for any sentence, too short to keep the hash busy.</summary>
    public const int MaxPasswordLength = 256;

    /// <summary>Why <paramref name="name"/> cannot be a user's name, as a sentence; null when it can.</summary>
    public static string? ProblemOfName(string name) => NamePattern().IsMatch(name)
        ? null
        : $"A user's name has 1 to {MaxNameLength} letters, digits or . _ - @.";

    /// <summary>Why <paramref name="password"/> cannot be one, as a sentence; null when it can.</summary>
    /// <param name="password">What was typed.</param>
    /// <param name="name">Whose it would be; it may not be the password too.</param>
    /// <param name="minLength">The fewest characters: 8 in Development, 12 elsewhere.</param>
    public static string? ProblemOfPassword(string password, string name, int minLength) =>
        password.Length < minLength ? $"A password has at least {minLength} characters."
        : password.Length > MaxPasswordLength ? $"A password has at most {MaxPasswordLength} characters."
        : password.Any(char.IsControl) ? "A password has no control characters."
        : password.Equals(name, StringComparison.OrdinalIgnoreCase) ? "The password may not be the name."
        : null;

    /// <summary>A stamp no token names yet: give it to a user whose sessions end now.</summary>
    public static string NewStamp() => RandomNumberGenerator.GetHexString(16, lowercase: true);

    [GeneratedRegex(@"^[A-Za-z0-9._@-]{1,64}\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NamePattern();
}
