using System.Collections.Concurrent;
using System.Security.Claims;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Web.SignIn;

/// <summary>
/// Whether what was signed in still counts: the user exists, is enabled and has the same stamp. Each user is read from the store at
/// most every <see cref="Memory"/>, which is also how long a disabled user may go on. While the store is away a user goes on as last read,
/// until the token or cookie expires: nobody can be disabled then anyway, and the answers in memory stay reachable.
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
            reading = new Reading(now, users.FindAsync(name, CancellationToken.None), reading?.LastGood, IsBehind: reading is { User.IsFaulted: true });
            _readings[name] = reading;
        }
        // A store that was away is asked again behind the answers: it may take its whole time-out to say nothing.
        var known = reading.User.IsCompletedSuccessfully ? reading.User : reading.User.IsFaulted || reading.IsBehind ? reading.Before : null;
        return known is not null ? ValueTask.FromResult(Counts(known.Result, stamp)) : AwaitAsync(name, reading, stamp);
    }

    private async ValueTask<bool> AwaitAsync(string name, Reading reading, string stamp)
    {
        try
        {
            return Counts(await reading.User, stamp);
        }
        catch when (reading.Before is { } last)
        {
            return Counts(last.Result, stamp);
        }
        catch
        {
            // A failed reading says nothing about the user; the next request asks again.
            _readings.TryRemove(new(name, reading));
            throw;
        }
    }

    private static bool Counts(User? user, string stamp) => user is { Disabled: false } && user.Stamp == stamp;

    /// <param name="At">When it began.</param>
    /// <param name="User">What is read.</param>
    /// <param name="Before">The last reading before it that succeeded.</param>
    /// <param name="IsBehind">The store was away before: nobody waits for this one.</param>
    private sealed record Reading(long At, Task<User?> User, Task<User?>? Before, bool IsBehind)
    {
        public Task<User?>? LastGood => User.IsCompletedSuccessfully ? User : Before;
    }
}
