using System.Collections.Concurrent;
using System.Security.Claims;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Web.SignIn;

/// <summary>
/// Whether what was signed in still counts: the user exists, is enabled and has the same stamp. Each user is read from the store at
/// most every <see cref="Memory"/>, which is also how long a disabled user may go on.
/// </summary>
internal sealed class UserSessions(IUserStore users, TimeProvider time)
{
    /// <summary>How long a user once read counts as current.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromSeconds(5);

    // Bounded by the number of users that ever were: a name is asked for only after a signature or a protected cookie vouched for it.
    private readonly ConcurrentDictionary<string, Reading> _readings = new(StringComparer.Ordinal);

    /// <summary>Whether the session of <paramref name="principal"/> counts; completes at once unless the store must be asked.</summary>
    public ValueTask<bool> IsCurrentAsync(ClaimsPrincipal? principal)
    {
        var name = principal?.FindFirst(SignInClaims.Name)?.Value;
        var stamp = principal?.FindFirst(SignInClaims.Stamp)?.Value;
        if (name is null || stamp is null) return ValueTask.FromResult(false);

        var now = time.GetTimestamp();
        if (!_readings.TryGetValue(name, out var reading) || time.GetElapsedTime(reading.At, now) >= Memory)
        {
            // No caller's token: the reading is shared, and one who leaves must not fail the others.
            reading = new Reading(now, users.FindAsync(name, CancellationToken.None));
            _readings[name] = reading;
        }
        return reading.User.IsCompletedSuccessfully
            ? ValueTask.FromResult(Counts(reading.User.Result, stamp))
            : AwaitAsync(name, reading, stamp);
    }

    private async ValueTask<bool> AwaitAsync(string name, Reading reading, string stamp)
    {
        try
        {
            return Counts(await reading.User, stamp);
        }
        catch
        {
            // A failed reading says nothing about the user; the next request asks again.
            _readings.TryRemove(new(name, reading));
            throw;
        }
    }

    private static bool Counts(User? user, string stamp) => user is { Disabled: false } && user.Stamp == stamp;

    private sealed record Reading(long At, Task<User?> User);
}
