namespace TransactionPipeline.Contract.Simulation;

/// <summary>Random numbers that are the same for the same seed everywhere and always (SplitMix64).</summary>
internal sealed class Dice(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        var mixed = _state += 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }

    /// <summary>From 0 to <paramref name="below"/> - 1.</summary>
    public int Below(int below) => (int)Math.BigMul(Next(), (ulong)below, out _);

    /// <summary>From <paramref name="from"/> to <paramref name="to"/>, both of them too.</summary>
    public int Between(int from, int to) => from + Below(to - from + 1);

    public bool Percent(int percent) => Below(100) < percent;

    public T Of<T>(params ReadOnlySpan<T> some) => some[Below(some.Length)];
}
