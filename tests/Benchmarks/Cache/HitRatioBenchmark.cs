using BitFaster.Caching.Lfu;
using BitFaster.Caching.Scheduler;
using TransactionPipeline.Core.Cache;

namespace TransactionPipeline.Benchmarks.Cache;

/// <summary>
/// How often what is asked for is still there, with memory for a tenth of all keys: this cache's eviction beside LRU, BitFaster's
/// ConcurrentLfu and, on equal sizes, what nobody can do better than, who knows the future (Belady).
/// </summary>
internal static class HitRatioBenchmark
{
    private const int Keys = 100_000;
    private const int Requests = 1_000_000;
    private const int Capacity = Keys / 10;
    private const int MeanBytes = 1_000;

    public static int Run()
    {
        foreach (var (name, trace) in ((string, int[])[])[("Zipf(0.9)", Zipf(scans: false)), ("Zipf(0.9) with scans of twice the memory", Zipf(scans: true))])
        {
            Console.WriteLine(
                $"{name}, equal sizes: hits here {S3Fifo(trace, _ => MeanBytes):P1}, LRU {Lru(trace, _ => MeanBytes):P1}, "
                + $"ConcurrentLfu {Lfu(trace):P1}, Belady {Belady(trace):P1}");
            Console.WriteLine($"{name}, sizes from 100 bytes to 100 times as much: hits here {S3Fifo(trace, SizeOf):P1}, LRU {Lru(trace, SizeOf):P1}");
        }
        return 0;
    }

    /// <summary>Requests by rank with weight 1/rank^0.9; a scan asks for keys that nobody asks for again.</summary>
    private static int[] Zipf(bool scans)
    {
        var random = new Random(1);
        var sums = new double[Keys];
        for (var rank = 0; rank < Keys; rank++) sums[rank] = (rank == 0 ? 0 : sums[rank - 1]) + Math.Pow(rank + 1, -0.9);
        var trace = new List<int>(Requests);
        for (var next = Keys; trace.Count < Requests;)
        {
            for (var i = 0; i < 100_000; i++)
            {
                var at = Array.BinarySearch(sums, random.NextDouble() * sums[^1]);
                trace.Add(at < 0 ? ~at : at);
            }
            for (var i = 0; scans && i < 2 * Capacity; i++) trace.Add(next++);
        }
        return [.. trace];
    }

    private static long SizeOf(int key) => (long)(100 * Math.Pow(100, new Random(key).NextDouble()));

    private static double S3Fifo(int[] trace, Func<int, long> sizeOf)
    {
        var queue = new EvictionQueue<Item>((long)Capacity * MeanBytes);
        var held = new Dictionary<int, Item>();
        var hits = 0;
        foreach (var key in trace)
        {
            if (held.TryGetValue(key, out var place))
            {
                hits++;
                place.Use();
                continue;
            }
            var added = held[key] = new Item(key);
            queue.Add(added, sizeOf(key));
            foreach (var gone in queue.Evict(static _ => true)) held.Remove(gone.Identity);
        }
        return (double)hits / trace.Length;
    }

    private static double Lru(int[] trace, Func<int, long> sizeOf)
    {
        var order = new LinkedList<int>();
        var held = new Dictionary<int, LinkedListNode<int>>();
        var (hits, bytes) = (0, 0L);
        foreach (var key in trace)
        {
            if (held.TryGetValue(key, out var node))
            {
                hits++;
                order.Remove(node);
                order.AddFirst(node);
                continue;
            }
            held[key] = order.AddFirst(key);
            for (bytes += sizeOf(key); bytes > (long)Capacity * MeanBytes; bytes -= sizeOf(order.Last!.Value), order.RemoveLast()) held.Remove(order.Last!.Value);
        }
        return (double)hits / trace.Length;
    }

    private static double Lfu(int[] trace)
    {
        var cache = new ConcurrentLfu<int, int>(1, Capacity, new ForegroundScheduler(), EqualityComparer<int>.Default);
        var hits = 0;
        foreach (var key in trace)
        {
            if (cache.TryGet(key, out _)) hits++;
            else cache.AddOrUpdate(key, key);
        }
        return (double)hits / trace.Length;
    }

    private static double Belady(int[] trace)
    {
        var nextUse = new int[trace.Length];
        var seen = new Dictionary<int, int>();
        for (var i = trace.Length - 1; i >= 0; i--)
        {
            nextUse[i] = seen.GetValueOrDefault(trace[i], int.MaxValue);
            seen[trace[i]] = i;
        }
        var (held, hits) = (new Dictionary<int, int>(), 0);
        var farthest = new PriorityQueue<(int Key, int Use), int>();
        for (var i = 0; i < trace.Length; i++)
        {
            if (held.ContainsKey(trace[i])) hits++;
            held[trace[i]] = nextUse[i];
            farthest.Enqueue((trace[i], nextUse[i]), -nextUse[i]);
            while (held.Count > Capacity)
            {
                // What was asked for since stands in the queue with another use.
                if (farthest.TryDequeue(out var one, out _) && held.TryGetValue(one.Key, out var use) && use == one.Use) held.Remove(one.Key);
            }
        }
        return (double)hits / trace.Length;
    }

    private sealed class Item(int key) : Evictable
    {
        public override int Identity => key;
    }
}
