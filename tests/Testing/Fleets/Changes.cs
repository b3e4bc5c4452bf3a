using System.Diagnostics;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Testing;

/// <summary>Changes one price after another, and waits each time until every replica serves it.</summary>
internal static class Changes
{
    // How fine the times are: the answers are sampled. More often, the samples' own load would be what is measured.
    private static readonly TimeSpan Sample = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Makes so many changes; the times from each commit until the last replica serves it, in ms.</summary>
    public static async Task<List<double>> FollowAsync(
        Replicas replicas, int count, int monthsAtOnce = 1, Func<Task>? beforeRound = null, Func<Task>? beforeTransform = null)
    {
        Month[] months = [.. Enumerable.Range(0, monthsAtOnce).Select(i => new Month(2023, 10 - i))];
        foreach (var month in months)
        {
            await replicas.ChangeAsync(1m, month);
            foreach (var replica in replicas.All) await ServesAsync(replica, month, 1m);
        }

        var delays = new List<double>();
        for (var price = 2; delays.Count < count; price++)
        {
            if (beforeRound is not null) await beforeRound();
            delays.AddRange(await Task.WhenAll(months.Select(async month =>
            {
                await replicas.ChangeAsync(price, month, beforeTransform);
                var committed = Stopwatch.GetTimestamp();
                await Task.WhenAll(replicas.All.Select(replica => ServesAsync(replica, month, price)));
                return Stopwatch.GetElapsedTime(committed).TotalMilliseconds;
            })));
        }
        return delays;
    }

    private static async Task ServesAsync(ProgramProcess replica, Month month, decimal price)
    {
        var clock = Stopwatch.StartNew();
        while (await Replicas.PriceAsync(replica, Replicas.QuestionOf(month)) != price)
        {
            if (clock.Elapsed > Patience) throw new TimeoutException($"{month} at {price} was not served within {Patience.TotalSeconds} s of its commit");
            await Task.Delay(Sample, TimeProvider.System);
        }
    }
}
