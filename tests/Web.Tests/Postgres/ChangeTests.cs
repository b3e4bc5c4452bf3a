using System.Diagnostics;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Tests.Faults;
using TransactionPipeline.Core.Tests.Postgres;
using TransactionPipeline.Web.Tests.Processes;
using Xunit.Abstractions;

namespace TransactionPipeline.Web.Tests.Postgres;

/// <summary>After a transform every replica serves the new rows within a second of the commit: the 99th of 100 changes, shortest first.</summary>
[Collection(PostgresCollection.Name)]
public sealed class ChangeTests(PostgresFixture server, ITestOutputHelper output) : IAsyncLifetime
{
    private const int Changes = 100;
    private const double Limit = 1000;

    // Half of it may pass before the poll looks; what is left must not be a matter of what else the machine does.
    private const double PollLimit = 2 * Limit;

    // How fine the times are: the answers are sampled. More often, the samples' own load would be what is measured.
    private static readonly TimeSpan Sample = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private Replicas _replicas = null!;

    public async Task InitializeAsync() => _replicas = await Replicas.CreateAsync(server);

    public async Task DisposeAsync() => await _replicas.DisposeAsync();

    [Fact]
    public async Task Get_HundredChanges_ReachEveryReplicaWithinASecondOfTheCommit()
    {
        await _replicas.StartAsync(3);

        Assert.InRange(await MeasureAsync(monthsAtOnce: 1), 0, Limit);
    }

    [Fact]
    public async Task Get_HundredChangesWhileListenIsCut_ReachEveryReplicaWithinASecondOfTheCommit()
    {
        await _replicas.StartAsync(3);
        var cut = 0L;

        var delay = await MeasureAsync(monthsAtOnce: 1, beforeTransform: async () => cut += await _replicas.CutListenersAsync());

        output.WriteLine($"listening connections cut: {cut}");
        Assert.InRange(cut, 2 * Changes, 3 * Changes);
        Assert.InRange(delay, 0, Limit);
    }

    [Fact]
    public async Task Get_HundredChangesThatNoReplicaIsNotifiedOf_ReachEveryReplicaByThePoll()
    {
        await using var proxy = new TcpProxy(server.Port);
        await _replicas.StartAsync(3, Replicas.Over(proxy.Port));
        // From here on whoever listens is cut off, and what listens anew is never answered.
        proxy.Silence("LISTEN ");
        await _replicas.CutListenersAsync();
        foreach (var replica in _replicas.All) await replica.Log.WaitForAsync("Changes are not heard of at once at present");

        Assert.InRange(await MeasureAsync(monthsAtOnce: 4), 0, PollLimit);

        foreach (var replica in _replicas.All) Assert.DoesNotContain("Changes are heard of at once again", replica.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_HundredChangesAfterRestartsOfPostgres_ReachEveryReplicaWithinASecondOfTheCommit()
    {
        await _replicas.StartAsync(3);

        var delay = await MeasureAsync(monthsAtOnce: 5, beforeRound: async () =>
        {
            await server.StopAsync();
            await server.StartAsync();
        });

        Assert.InRange(delay, 0, Limit);
    }

    /// <summary>The time from the commit of a change until the last replica serves it, in ms: the 99th of a hundred.</summary>
    private async Task<double> MeasureAsync(int monthsAtOnce, Func<Task>? beforeRound = null, Func<Task>? beforeTransform = null)
    {
        Month[] months = [.. Enumerable.Range(0, monthsAtOnce).Select(i => new Month(2023, 10 - i))];
        foreach (var month in months)
        {
            await _replicas.ChangeAsync(1m, month);
            foreach (var replica in _replicas.All) await ServesAsync(replica, month, 1m);
        }

        var delays = new List<double>();
        for (var price = 2; price < 2 + (Changes / monthsAtOnce); price++)
        {
            if (beforeRound is not null) await beforeRound();
            delays.AddRange(await Task.WhenAll(months.Select(async month =>
            {
                await _replicas.ChangeAsync(price, month, beforeTransform);
                var committed = Stopwatch.GetTimestamp();
                await Task.WhenAll(_replicas.All.Select(replica => ServesAsync(replica, month, price)));
                return Stopwatch.GetElapsedTime(committed).TotalMilliseconds;
            })));
        }

        delays.Sort();
        Assert.Equal(Changes, delays.Count);
        output.WriteLine($"{Changes} commits to all three replicas: median {delays[50]:F0} ms, p99 {delays[98]:F0} ms, most {delays[99]:F0} ms");
        return delays[98];
    }

    private static async Task ServesAsync(WebProcess replica, Month month, decimal price)
    {
        var clock = Stopwatch.StartNew();
        while (await Replicas.PriceAsync(replica, Replicas.QuestionOf(month)) != price)
        {
            if (clock.Elapsed > Patience) throw new TimeoutException($"{month} at {price} was not served within {Patience.TotalSeconds} s of its commit");
            await Task.Delay(Sample, TimeProvider.System);
        }
    }
}
