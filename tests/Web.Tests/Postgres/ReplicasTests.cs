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
    private const string NewestMonth = "/sales/pg-trends?product_prefix=Halal";

    // Often enough to tell milliseconds, and not so often that the clients' own load is what is measured.
    private static readonly TimeSpan BetweenQuestions = TimeSpan.FromMilliseconds(5);

    private readonly PostgresServer _server = new();
    private readonly List<Replica> _replicas = [];
    private PostgresOptions _options = null!;
    private PostgresDatabase _database = null!;
    private PostgresSchema _schema = null!;
    private PostgresTransactionStore _store = null!;
    private int _batches;

    /// <summary>What nobody may be told: in no answer and no log.</summary>
    private string[] Secrets => [PostgresServer.Password, PostgresServer.User, $":{_server.Port}", "SELECT ", "FROM pg_sales"];

    public async Task InitializeAsync()
    {
        await _server.InitializeAsync();
        _options = await _server.CreateDatabaseAsync();
        _database = new PostgresDatabase(_options, TimeProvider.System);
        _schema = PostgresMart.SchemaIn(_database);
        _store = new PostgresTransactionStore(_database, _schema);
        await _server.ExecuteAsync(_options.Database, "CREATE EXTENSION pg_stat_statements");
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
        Assert.Equal(1, await CountMartQueriesAsync());
        var logs = await Task.WhenAll(_replicas.Select(replica => replica.LogAsync()));
        foreach (var log in logs)
            foreach (var secret in Secrets)
                Assert.DoesNotContain(secret, log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_HundredChanges_ReachEveryReplicaWithinASecondOfTheCommit()
    {
        await StartAsync(3);

        var delays = await MeasureAsync(100, () => Task.CompletedTask);

        Assert.InRange(delays[98], 0, 1000);
    }

    [Fact]
    public async Task Get_HundredChangesWhileListenIsCut_ReachEveryReplicaWithinASecondOfTheCommit()
    {
        await StartAsync(3);
        var cut = 0L;

        var delays = await MeasureAsync(100, async () => cut += (long)(await _server.ExecuteAsync(
            "postgres",
            $"""
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = '{_options.Database}' AND query LIKE 'LISTEN%'
            """))!);

        output.WriteLine($"listening connections cut: {cut}");
        Assert.InRange(cut, 200, 300);
        Assert.InRange(delays[98], 0, 1000);
    }

    [Fact]
    public async Task Get_ChangesAfterPostgresWasRestarted_ReachEveryReplicaWithinASecondOfTheCommit()
    {
        await StartAsync(3);

        var delays = await MeasureAsync(5, async () =>
        {
            await _server.StopAsync();
            await _server.StartAsync();
        });

        Assert.InRange(delays[^1], 0, 1000);
    }

    [Fact]
    public async Task Probe_PostgresAway_IsDegradedWithoutNamesStaysReadyAndRecovers()
    {
        await StartAsync(1);
        await PriceAsync(_replicas[0]);
        await WaitForHealthAsync("healthy");

        await _server.StopAsync();
        var health = await WaitForHealthAsync("degraded");

        Assert.Equal(1m, await PriceAsync(_replicas[0]));
        using var failed = await _replicas[0].Client.GetAsync("/sales/pg-trends?product_prefix=Halal&sale_month=2023-11");
        Assert.Contains(failed.StatusCode, new[] { HttpStatusCode.InternalServerError, HttpStatusCode.ServiceUnavailable });
        var told = health + await failed.Content.ReadAsStringAsync();
        await _server.StartAsync();
        await WaitForHealthAsync("healthy");
        told += await _replicas[0].LogAsync();
        Assert.Contains("PostgreSQL", told, StringComparison.Ordinal);
        foreach (var secret in Secrets) Assert.DoesNotContain(secret, told, StringComparison.Ordinal);
    }

    /// <summary>Waits until the store, the operational mart and the notifications are all in this state; the probe is answered 200 all along.</summary>
    private async Task<string> WaitForHealthAsync(string state)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            // What uses the store and the mart.
            using var asking = new HttpRequestMessage(HttpMethod.Get, Question) { Headers = { { "Cache-Control", "no-cache" } } };
            using var answer = await _replicas[0].Client.SendAsync(asking);
            var health = await _replicas[0].Client.GetStringAsync("/health/ready");
            using var parsed = JsonDocument.Parse(health);
            var checks = parsed.RootElement.GetProperty("checks");
            if (new[] { "marts", "store", "notifications" }.All(check => checks.GetProperty(check).GetProperty("status").GetString() == state)) return health;
            if (clock.Elapsed > TimeSpan.FromSeconds(30)) throw new TimeoutException($"Not {state} within 30 s: {health}");
            await Task.Delay(BetweenQuestions, TimeProvider.System);
        }
    }

    [Fact]
    public async Task Get_UnchangedForAsManyFreshnessPeriodsAsAnHourHas_AsksTheMartNothing()
    {
        var (fresh, periods) = (TimeSpan.FromMilliseconds(100), 60);
        await StartAsync(3, new() { ["cache__fresh_for_seconds"] = $"{fresh.TotalSeconds}", ["cache__stale_for_seconds"] = "0.1" });
        foreach (var replica in _replicas) await PriceAsync(replica, NewestMonth);
        await _server.ExecuteAsync(_options.Database, "SELECT pg_stat_statements_reset()::text");

        var clock = Stopwatch.StartNew();
        await Task.WhenAll(_replicas.Select(async replica =>
        {
            while (clock.Elapsed < fresh * periods)
            {
                Assert.Equal(1m, await PriceAsync(replica));
                Assert.Equal(1m, await PriceAsync(replica, NewestMonth));
            }
        }));

        Assert.Equal(0, await CountStatementsAsync("FROM pg_sales") + await CountStatementsAsync("FROM summary_sales"));
        // The change tokens were asked for, in all that time.
        Assert.InRange(await CountStatementsAsync("FROM mart_versions"), periods / 2, long.MaxValue);
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

    [Fact]
    public async Task Get_LeaseHolderSleepsInMidRefresh_ItsLateCommitIsRefused()
    {
        await StartAsync(2, new() { ["cache__lease_seconds"] = "2", ["marts__guard__operational__timeout_seconds"] = "60", ["marts__guard__operational__attempt_timeout_seconds"] = "60" });
        Task<HttpResponseMessage> late;
        await using (var blocking = new NpgsqlConnection(_server.ConnectionStringTo(_options.Database)))
        {
            await blocking.OpenAsync();
            await using var locking = new NpgsqlCommand("BEGIN; LOCK TABLE pg_sales IN ACCESS EXCLUSIVE MODE", blocking);
            await locking.ExecuteNonQueryAsync();
            late = _replicas[0].Client.GetAsync(Question);
            while (await _server.ExecuteAsync("postgres", "SELECT count(*) FROM pg_locks WHERE NOT granted") is 0L) await Task.Yield();
            await _replicas[0].SignalAsync("STOP");
        }
        await ChangeAsync(2m);
        Assert.Equal(2m, await PriceAsync(_replicas[1]));

        await _replicas[0].SignalAsync("CONT");

        using var rows = JsonDocument.Parse(await (await late.WaitAsync(TimeSpan.FromSeconds(30))).Content.ReadAsStringAsync());
        Assert.Equal(2m, rows.RootElement[0].GetProperty("avg_price").GetDecimal());
        await _replicas[0].WaitForLogAsync("came too late: its lease (fence 1)");
        Assert.Equal(2L, await _server.ExecuteAsync(_options.Database, "SELECT fence FROM snapshots WHERE key = 'operational/2023-10/Halal'"));
    }

    [Fact]
    public async Task Start_ThreeAtOnceOnAnEmptyDatabase_MigrateOnce()
    {
        var empty = await _server.CreateDatabaseAsync();
        await _server.ExecuteAsync(empty.Database, "CREATE EXTENSION pg_stat_statements");
        _options = empty;

        await StartAsync(3);

        Assert.All(
            await Task.WhenAll(_replicas.Select(replica => replica.Client.GetAsync("/health/ready"))),
            answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        Assert.Equal(1, await CountStatementsAsync("CREATE TABLE users"));
        Assert.Equal(1, await CountStatementsAsync("CREATE TABLE pg_sales"));
    }

    /// <summary>The times from a commit until the last replica serves it, in ms, shortest first.</summary>
    private async Task<List<double>> MeasureAsync(int changes, Func<Task> beforeTransform)
    {
        foreach (var replica in _replicas) await PriceAsync(replica);
        var delays = new List<double>();
        for (var price = 2; price < 2 + changes; price++)
        {
            await ChangeAsync(price, beforeTransform);
            var committed = Stopwatch.GetTimestamp();
            await Task.WhenAll(_replicas.Select(async replica =>
            {
                while (await PriceAsync(replica) != price) await Task.Delay(BetweenQuestions, TimeProvider.System);
            }));
            delays.Add(Stopwatch.GetElapsedTime(committed).TotalMilliseconds);
        }
        delays.Sort();
        output.WriteLine(
            $"{changes} commits to all three replicas: median {delays[changes / 2]:F0} ms, p99 {delays[Math.Max(0, (changes * 99 / 100) - 1)]:F0} ms, most {delays[^1]:F0} ms");
        return delays;
    }

    /// <summary>The questions that reached the operational mart's rows, by the server's own count.</summary>
    private Task<long> CountMartQueriesAsync() => CountStatementsAsync("FROM pg_sales WHERE sale_date BETWEEN $1 AND $2 AND product");

    private async Task<long> CountStatementsAsync(string part) => (long)(await _server.ExecuteAsync(
        _options.Database,
        $"""
        SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements
        WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND query LIKE '%{part}%' AND query NOT LIKE '%pg_stat_statements%'
        """))!;

    private async Task StartAsync(int count, Dictionary<string, string>? settings = null) =>
        _replicas.AddRange(await Task.WhenAll(Enumerable.Range(0, count)
            .Select(_ => Replica.StartAsync(_options, PostgresServer.Password, settings))));

    private async Task ChangeAsync(decimal price, Func<Task>? beforeTransform = null)
    {
        var batch = $"batch{++_batches}";
        // As an operator would: what failed for a passing reason is tried again.
        while (!await TryAsync()) await Task.Yield();

        async Task<bool> TryAsync()
        {
            try
            {
                await using (var writer = await _store.StageAsync(batch, CancellationToken.None))
                {
                    await writer.WriteAsync(
                        new[] { new Transaction(new string('a', 64), "Halal Tea", price, 1, new(2023, 10, 1)) }, CancellationToken.None);
                    await writer.CompleteAsync(CancellationToken.None);
                }
                await _store.LoadAsync(batch, CancellationToken.None);
                var happens = Interlocked.Exchange(ref beforeTransform, null);
                if (happens is not null) await happens();
                await _store.TransformAsync(new MartFilter("Halal", 100), CancellationToken.None);
                return true;
            }
            catch (MartException lost) when (lost.Failure == MartFailure.Transient)
            {
                return false;
            }
        }
    }

    private static async Task<decimal> PriceAsync(Replica replica, string question = Question)
    {
        using var rows = JsonDocument.Parse(await replica.Client.GetStreamAsync(question));
        return rows.RootElement[0].GetProperty("avg_price").GetDecimal();
    }
}
