using System.Collections.Concurrent;
using System.Security.Claims;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Web.SignIn;

/// <summary>
/// Whether what was signed in still counts: the user exists, is enabled and has the same stamp. Each user is read from the store at
/// most every <see cref="Memory"/>, which is also how long a disabled user may go on. While the store does not answer, what it said
/// last counts, for a token's lifetime: cached answers must not go away with the store.
/// </summary>
internal sealed class UserSessions(IUserStore users, IOptions<SecurityOptions> options, TimeProvider time)
{
    /// <summary>How long a user once read counts as current.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromSeconds(5);

    /// <summary>How long a request waits for the store when what it said last could do; only the first one after it fell silent.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>How long what the store said last counts while it does not answer.</summary>
    public TimeSpan Outage { get; } = TimeSpan.FromMinutes(options.Value.TokenMinutes);

    // Bounded by the number of users that ever were: a name is asked for only after a signature or a protected cookie vouched for it.
    private readonly ConcurrentDictionary<string, Reading> _readings = new(StringComparer.Ordinal);

    /// <summary>Whether the session of <paramref name="principal"/> counts; completes at once unless the store must be asked.</summary>
    /// <exception cref="StoreException">The store does not answer, and has not said anything of this user lately.</exception>
    public ValueTask<bool> IsCurrentAsync(ClaimsPrincipal? principal)
    {
        var name = principal?.FindFirst(SignInClaims.Name)?.Value;
        var stamp = principal?.FindFirst(SignInClaims.Stamp)?.Value;
        if (name is null || stamp is null) return ValueTask.FromResult(false);

        var now = time.GetTimestamp();
        var before = _readings.GetValueOrDefault(name);
        var reading = before is not null && time.GetElapsedTime(before.At, now) < Memory ? before : Read(name, before, now);
        return reading.User.IsCompletedSuccessfully
            ? ValueTask.FromResult(Counts(reading.User.Result, stamp))
            : AwaitAsync(name, reading, stamp);
    }

    /// <summary>All users, as the store had them when it was asked; what is known of one from later stands.</summary>
    public void Learn(IEnumerable<User> all, long asked)
    {
        foreach (var user in all)
        {
            var learned = new Reading(asked, Task.FromResult<User?>(user));
            _readings.AddOrUpdate(user.Name, learned, (_, known) => known.User.IsCompletedSuccessfully && known.At >= asked ? known : learned);
        }
    }

    private Reading Read(string name, Reading? before, long now)
    {
        // No caller's token: the reading is shared, and one who leaves must not fail the others.
        var asked = users.FindAsync(name, CancellationToken.None);
        return _readings[name] = before is { User.IsCompletedSuccessfully: false }
            ? new Reading(now, asked) { LastAnswer = before.LastAnswer, Patience = TimeSpan.Zero }
            : new Reading(now, asked) { LastAnswer = before is null ? null : new Answer(before.At, before.User.Result), Patience = Patience };
    }

    private async ValueTask<bool> AwaitAsync(string name, Reading reading, string stamp)
    {
        if (reading.LastAnswer is { } last && time.GetElapsedTime(last.At) < Outage)
        {
            try
            {
                return Counts(await reading.User.WaitAsync(reading.Patience, time), stamp);
            }
            catch (Exception silent) when (silent is StoreException or TimeoutException)
            {
                return Counts(last.User, stamp);
            }
        }
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

    /// <summary>A question to the store, and when it was asked.</summary>
    private sealed record Reading(long At, Task<User?> User)
    {
        /// <summary>The last answer before it; null when there was none.</summary>
        public Answer? LastAnswer { get; init; }

        /// <summary>How long to wait for this one while the last answer could do.</summary>
        public TimeSpan Patience { get; init; }
    }

    private sealed record Answer(long At, User? User);
}
