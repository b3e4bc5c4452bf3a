using System.Collections.Concurrent;
using Orleans.TestingHost;
using TransactionPipeline.Core.Cache;

namespace TransactionPipeline.Silo.Tests.Grains;

/// <summary>Silos come, go and die; a client's answers are right and never get older.</summary>
public sealed class MembershipChangeTests
{
    [Fact]
    public async Task Activation_InSeveralSilosAtOnce_CostsQueriesNeverAnOlderAnswer()
    {
        await using var cluster = await SiloCluster.StartAsync(duplicates: true);
        await using var clients = new Clients(() => cluster.Silos, CacheDemand.Check);

        await Phase.UntilAsync(() => cluster.Owners().Count == 3, "an activation of the key's grain in every silo");
        for (var sales = 2; sales <= 6; sales++)
        {
            await cluster.SellAsync();
            await clients.SawAsync(sales);
        }
    }

    [Fact]
    public async Task Silos_JoinLeaveAndDieUnderLoad_NeverWrongNeverOlder()
    {
        await using var cluster = await SiloCluster.StartAsync(options => options.PollSeconds = 0.2);
        var alive = new ConcurrentDictionary<InProcessSiloHandle, bool>(cluster.Silos.Select(silo => KeyValuePair.Create(silo, true)));
        await using var clients = new Clients(() => [.. alive.Keys], CacheDemand.Default);
        await clients.SawAsync(1);

        var fourth = await Phase.InTimeAsync(cluster.Cluster.StartAdditionalSiloAsync(), "the start of a fourth silo");
        alive[fourth] = true;
        await cluster.SellAsync();
        await clients.SawAsync(2);

        var leaving = cluster.Owners() is [var owner, ..] ? owner : cluster.Silos[0];
        alive.TryRemove(leaving, out _);
        await clients.LetGoAsync();
        await Phase.InTimeAsync(cluster.Cluster.StopSiloAsync(leaving), "the orderly stop of the owner");
        await cluster.SellAsync();
        await clients.SawAsync(3);

        var dying = cluster.Owners() is [var heir, ..] ? heir : cluster.Silos[0];
        alive.TryRemove(dying, out _);
        await clients.LetGoAsync();
        await Phase.InTimeAsync(cluster.Cluster.KillSiloAsync(dying), "the kill of the owner");
        await cluster.SellAsync();
        await clients.SawAsync(4);
    }

    /// <summary>Clients that go from silo to silo, name the version they saw last as <c>If-None-Match</c> does, and check each answer.</summary>
    private sealed class Clients : IAsyncDisposable
    {
        private readonly Func<IReadOnlyList<InProcessSiloHandle>> _silos;
        private readonly CacheDemand _demand;
        private readonly List<Task> _running;
        private readonly long[] _seen = new long[8];
        private readonly long[] _rounds = new long[8];
        private volatile bool _stopped;

        public Clients(Func<IReadOnlyList<InProcessSiloHandle>> silos, CacheDemand demand)
        {
            (_silos, _demand) = (silos, demand);
            _running = [.. Enumerable.Range(0, _seen.Length).Select(client => Task.Run(() => RunAsync(client)))];
        }

        /// <summary>Every client has had an answer with so many sales.</summary>
        public Task SawAsync(int sales) => WatchAsync(() => _seen.Min() >= sales, $"an answer with {sales} sales for every client");

        /// <summary>Every client has begun anew since: none is at a silo that it cannot choose any more.</summary>
        public Task LetGoAsync()
        {
            var before = _rounds.ToArray();
            return WatchAsync(() => _rounds.Zip(before).All(rounds => rounds.First > rounds.Second + 1), "the clients' going elsewhere");
        }

        public async ValueTask DisposeAsync()
        {
            _stopped = true;
            await Phase.InTimeAsync(Task.WhenAll(_running), "the clients' end");
        }

        private async Task WatchAsync(Func<bool> holds, string phase)
        {
            await Phase.UntilAsync(() => holds() || _running.Any(client => client.IsFaulted), phase);
            foreach (var failed in _running.Where(client => client.IsFaulted)) await failed;
        }

        private async Task RunAsync(int client)
        {
            var (version, turn) = (SnapshotVersion.None, client);
            while (!_stopped)
            {
                var silos = _silos();
                var answer = await SiloCluster.AskAsync(silos[turn++ % silos.Count], _demand with { MinVersion = version });
                var sales = SiloCluster.Total(answer);
                Assert.True(answer.Snapshot.Version >= version, $"version {answer.Snapshot.Version} after {version}");
                Assert.True(sales >= _seen[client], $"{sales} sales after {_seen[client]}");
                version = answer.Snapshot.Version;
                Volatile.Write(ref _seen[client], (long)sales);
                Interlocked.Increment(ref _rounds[client]);
                await Task.Yield();
            }
        }
    }
}
