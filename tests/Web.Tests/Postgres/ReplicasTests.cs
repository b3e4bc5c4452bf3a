using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Npgsql;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Marts.Postgres;
using TransactionPipeline.Core.Store.Postgres;
using TransactionPipeline.Core.Tests.Postgres;
using Xunit.Abstractions;

namespace TransactionPipeline.Web.Tests.Postgres;

/// <summary>Three real processes over one PostgreSQL are one cache.</summary>
public sealed class ReplicasTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string Question = "/sales/pg-trends?product_prefix=Halal&sale_month=2023-10";

    private readonly PostgresServer _server = new();
    private readonly List<Replica> _replicas = [];
    private PostgresOptions _options = null!;
    private PostgresDatabase _database = null!;
    private PostgresSchema _schema = null!;
    private PostgresTransactionStore _store = null!;
    private int _batches;

    public async Task InitializeAsync()
    {
        await _server.InitializeAsync();
        _options = await _server.CreateDatabaseAsync();
        _database = new PostgresDatabase(_options, TimeProvider.System);
        _schema = PostgresMart.SchemaIn(_database);
        _store = new PostgresTransactionStore(_database, _schema);
        await ChangeAsync(1m);
    }

    public async Task DisposeAsync()
    {
        foreach (var replica in _replicas) await replica.DisposeAsync();
        _store.Dispose();
        _schema.Dispose();
        await _database.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Get_ThousandColdRequestsOverThreeReplicas_ReachTheMartOnce()
    {
        await StartAsync(3);

        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => _replicas[i % 3].Client.GetAsync(Question)));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        Assert.Single((await Task.WhenAll(answers.Select(answer => answer.Content.ReadAsStringAsync()))).Distinct());
        var logs = await Task.WhenAll(_replicas.Select(replica => replica.LogAsync()));
        Assert.Equal(1, logs.Sum(log => log.Split("queried: True").Length - 1));
        foreach (var log in logs)
            foreach (var secret in new[] { PostgresServer.Password, PostgresServer.User, $":{_server.Port}", "SELECT " })
                Assert.DoesNotContain(secret, log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_HundredChanges_ReachEveryReplicaWithinASecondOfTheCommit()
    {
        await StartAsync(3);
        foreach (var replica in _replicas) await PriceAsync(replica);

        var delays = new List<double>();
        for (var change = 2; change < 102; change++)
        {
            await ChangeAsync(change);
            var committed = Stopwatch.GetTimestamp();
            await Task.WhenAll(_replicas.Select(async replica =>
            {
                while (await PriceAsync(replica) != change) await Task.Yield();
            }));
            delays.Add(Stopwatch.GetElapsedTime(committed).TotalMilliseconds);
        }

        delays.Sort();
        output.WriteLine($"commit to all three replicas: median {delays[49]:F0} ms, p99 {delays[98]:F0} ms, most {delays[99]:F0} ms");
        Assert.InRange(delays[98], 0, 1000);
    }

    [Fact]
    public async Task Get_LeaseHolderKilledInMidRefresh_AnotherTakesOverWithinTheLeaseTime()
    {
        const int leaseSeconds = 4;
        await StartAsync(2, new() { ["cache__lease_seconds"] = $"{leaseSeconds}", ["marts__guard__operational__timeout_seconds"] = "60", ["marts__guard__operational__attempt_timeout_seconds"] = "60" });
        await using (var blocking = new NpgsqlConnection(_server.ConnectionStringTo(_options.Database)))
        {
            await blocking.OpenAsync();
            await using var locking = new NpgsqlCommand("BEGIN; LOCK TABLE pg_sales IN ACCESS EXCLUSIVE MODE", blocking);
            await locking.ExecuteNonQueryAsync();
            var lost = _replicas[0].Client.GetAsync(Question);
            while (await _server.ExecuteAsync(_options.Database, "SELECT count(*) FROM leases WHERE expires_at > clock_timestamp()") is 0L) await Task.Yield();
            while (await _server.ExecuteAsync("postgres", "SELECT count(*) FROM pg_locks WHERE NOT granted") is 0L) await Task.Yield();
            await _replicas[0].KillAsync();
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => lost);
        }

        var clock = Stopwatch.StartNew();
        Assert.Equal(1m, await PriceAsync(_replicas[1]));

        output.WriteLine($"taken over after {clock.Elapsed.TotalSeconds:F1} s, lease {leaseSeconds} s");
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, leaseSeconds + 3);
        Assert.Equal(2L, await _server.ExecuteAsync(_options.Database, "SELECT fence FROM leases WHERE name = 'operational/2023-10/Halal'"));
    }

    private async Task StartAsync(int count, Dictionary<string, string>? settings = null) =>
        _replicas.AddRange(await Task.WhenAll(Enumerable.Range(0, count)
            .Select(_ => Replica.StartAsync(_options, PostgresServer.Password, settings))));

    private async Task ChangeAsync(decimal price)
    {
        var batch = $"batch{++_batches}";
        await using (var writer = await _store.StageAsync(batch, CancellationToken.None))
        {
            await writer.WriteAsync(new[] { new Transaction(new string('a', 64), "Halal Tea", price, 1, new(2023, 10, 1)) }, CancellationToken.None);
            await writer.CompleteAsync(CancellationToken.None);
        }
        await _store.LoadAsync(batch, CancellationToken.None);
        await _store.TransformAsync(new MartFilter("Halal", 100), CancellationToken.None);
    }

    private static async Task<decimal> PriceAsync(Replica replica)
    {
        using var rows = JsonDocument.Parse(await replica.Client.GetStreamAsync(Question));
        return rows.RootElement[0].GetProperty("avg_price").GetDecimal();
    }
}
