namespace TransactionPipeline.Contract.Simulation;

/// <summary>Many runs, one for each seed, on all processors: each run has one thread.</summary>
internal static class Seeds
{
    /// <summary>Runs seeds in their order, until one fails; all lower ones are run by then.</summary>
    /// <param name="first">The first one.</param>
    /// <param name="count">How many.</param>
    /// <param name="run">Runs one; false when it fails. Called on several threads.</param>
    /// <returns>The lowest that failed; null when none did.</returns>
    public static ulong? FindFailing(ulong first, ulong count, Func<ulong, bool> run)
    {
        var gate = new Lock();
        var (next, end) = (first, first + count);
        ulong? failing = null;
        Exception? broken = null;
        // Not the pool's threads: what else the process does would stand still.
        var threads = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(Go)).ToList();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        return broken is null ? failing : throw new InvalidOperationException("A run broke off.", broken);

        void Go()
        {
            while (true)
            {
                ulong seed;
                lock (gate)
                {
                    if (next >= end) return;
                    seed = next++;
                }
                try
                {
                    if (run(seed)) continue;
                    lock (gate) (failing, end) = (Math.Min(seed, failing ?? seed), Math.Min(seed, end));
                }
                catch (Exception unforeseen)
                {
                    lock (gate) (broken, end) = (unforeseen, first);
                }
            }
        }
    }
}
