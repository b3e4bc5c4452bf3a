using System.Globalization;
using TransactionPipeline.Contract.History;

namespace TransactionPipeline.Contract.Chaos;

/// <summary>How long, from which seed, and how much is asked meanwhile.</summary>
/// <param name="Seed">Of the faults' order and lengths, and of what is asked and changed; threads and processes take their own course.</param>
/// <param name="Time">For how long faults begin.</param>
/// <param name="LongestFreeze">The longest time that a process stands still.</param>
internal sealed record ChaosSettings(ulong Seed, TimeSpan Time, TimeSpan LongestFreeze)
{
    /// <summary>How many ask at the same time.</summary>
    public const int Clients = 20;

    // So short that much happens in two minutes; and the longest freezes are longer than an answer may be kept.
    private const int FreshFor = 2;
    private const int StaleFor = 4;
    private const int MaxStaleOnError = 45;
    private const long MaxBytes = 64 << 20;

    /// <summary>What the processes are told.</summary>
    public static IReadOnlyDictionary<string, string> OfTheCache { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["cache__fresh_for_seconds"] = $"{FreshFor}",
        ["cache__stale_for_seconds"] = $"{StaleFor}",
        ["cache__max_stale_on_error_seconds"] = $"{MaxStaleOnError}",
        ["cache__lease_seconds"] = "3",
        ["cluster__missed_probes"] = "2",
        ["cache__retry_after_error_seconds"] = "1",
        ["cache__max_bytes"] = $"{MaxBytes}",
        ["marts__guard__warehouse__timeout_seconds"] = "8",
        ["marts__guard__warehouse__attempt_timeout_seconds"] = "4",
        ["marts__guard__operational__timeout_seconds"] = "8",
        ["marts__guard__operational__attempt_timeout_seconds"] = "4",
    };

    /// <summary>What is promised with these settings.</summary>
    public static Terms Terms { get; } = new(
        TimeSpan.FromSeconds(FreshFor), TimeSpan.FromSeconds(StaleFor), TimeSpan.FromSeconds(MaxStaleOnError),
        // One machine has one clock; what remains is how exactly times are told.
        ClockSkew: TimeSpan.FromMilliseconds(500), MaxBytes)
    {
        AgeStep = TimeSpan.FromSeconds(1),
        // Looks are told to the store once while an answer is fresh, and behind the answers.
        StoreLag = TimeSpan.FromSeconds(FreshFor + 10),
    };

    /// <summary>With <c>CHAOS_SEED</c> and <c>CHAOS_MINUTES</c> from the environment in the place of these.</summary>
    public ChaosSettings FromEnvironment() => this with
    {
        Seed = Environment.GetEnvironmentVariable("CHAOS_SEED") is { Length: > 0 } seed ? ulong.Parse(seed, CultureInfo.InvariantCulture) : Seed,
        Time = Environment.GetEnvironmentVariable("CHAOS_MINUTES") is { Length: > 0 } minutes
            ? TimeSpan.FromMinutes(double.Parse(minutes, CultureInfo.InvariantCulture))
            : Time,
    };
}
