using System.Diagnostics;
using System.Net;
using System.Text.Json;

namespace TransactionPipeline.Silo.Tests.Postgres;

/// <summary>Real processes over one PostgreSQL are one cache.</summary>
[Collection(PostgresCollection.Name)]
public sealed class ReplicasTests(PostgresFixture server) : IAsyncLifetime
{
    private const string NewestMonth = "/sales/pg-trends?product_prefix=Halal";

    private Replicas _replicas = null!;

    public async Task InitializeAsync() => _replicas = await Replicas.CreateAsync(server);

    public async Task DisposeAsync() => await _replicas.DisposeAsync();

    [Fact]
    public async Task Get_ThousandColdRequestsOverThreeReplicas_ReachTheMartOnce()
    {
        await _replicas.StartAsync(3);

        await AskThousandAsync();

        await AssertQueriesAsync(1);
        foreach (var replica in _replicas.All)
            foreach (var secret in _replicas.Secrets)
                Assert.DoesNotContain(secret, replica.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_ThousandColdRequestsWhileTheStoreIsDown_ReachTheMartOnceForEachReplica()
    {
        await _replicas.StartAsync(3);
        string[] tables = ["leases", "snapshots", "month_checks"];
        foreach (var table in tables) await _replicas.SqlAsync($"ALTER TABLE {table} RENAME TO {table}_away");

        await AskThousandAsync();

        await AssertQueriesAsync(3);
        foreach (var replica in _replicas.All)
            Assert.Contains("the shared store does not answer", await replica.Client.GetStringAsync("/health/ready"), StringComparison.Ordinal);
        foreach (var table in tables) await _replicas.SqlAsync($"ALTER TABLE {table}_away RENAME TO {table}");
        await _replicas.ChangeAsync(2m);
        foreach (var replica in _replicas.All) await Replicas.HealthAsync(replica, "healthy");
        foreach (var replica in _replicas.All) Assert.Equal(2m, await Replicas.PriceAsync(replica));
    }

    [Fact]
    public async Task Probe_PostgresAway_IsDegradedWithoutNamesStaysReadyAndRecovers()
    {
        await _replicas.StartAsync(1);
        var replica = _replicas[0];
        await Replicas.PriceAsync(replica);
        await Replicas.HealthAsync(replica, "healthy");

        await server.StopAsync();
        var health = await Replicas.HealthAsync(replica, "degraded");

        Assert.Equal(1m, await Replicas.PriceAsync(replica));
        using var failed = await replica.Client.GetAsync("/sales/pg-trends?product_prefix=Halal&sale_month=2023-11");
        Assert.Contains(failed.StatusCode, new[] { HttpStatusCode.InternalServerError, HttpStatusCode.ServiceUnavailable });
        var told = health + await failed.Content.ReadAsStringAsync();
        await server.StartAsync();
        await Replicas.HealthAsync(replica, "healthy");
        told += replica.Log.Text;
        Assert.Contains("PostgreSQL", told, StringComparison.Ordinal);
        foreach (var secret in _replicas.Secrets) Assert.DoesNotContain(secret, told, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Tier", "Long")]
    public async Task Get_UnchangedForAsManyFreshnessPeriodsAsAnHourHas_AsksTheMartNothing()
    {
        var (fresh, periods) = (TimeSpan.FromMilliseconds(100), 60);
        await _replicas.StartAsync(3, new() { ["cache__fresh_for_seconds"] = $"{fresh.TotalSeconds}", ["cache__stale_for_seconds"] = "0.1" });
        foreach (var replica in _replicas.All) await Replicas.PriceAsync(replica, NewestMonth);
        await _replicas.SqlAsync("SELECT pg_stat_statements_reset()::text");

        var clock = Stopwatch.StartNew();
        await Task.WhenAll(_replicas.All.Select(async replica =>
        {
            while (clock.Elapsed < fresh * periods)
            {
                Assert.Equal(1m, await Replicas.PriceAsync(replica));
                Assert.Equal(1m, await Replicas.PriceAsync(replica, NewestMonth));
            }
        }));

        Assert.Equal(0, await _replicas.CountStatementsAsync("FROM pg_sales") + await _replicas.CountStatementsAsync("FROM summary_sales"));
        // The change tokens were asked for, in all that time.
        Assert.InRange(await _replicas.CountStatementsAsync("FROM mart_versions"), periods / 2, long.MaxValue);
    }

    [Fact]
    public async Task Start_ThreeAtOnceOnAnEmptyDatabase_MigrateOnce()
    {
        await _replicas.SqlAsync("DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE EXTENSION pg_stat_statements");
        await _replicas.SqlAsync("SELECT pg_stat_statements_reset()::text");

        await _replicas.StartAsync(3);

        Assert.All(
            await Task.WhenAll(_replicas.All.Select(replica => replica.Client.GetAsync("/health/ready"))),
            answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        Assert.Equal(1, await _replicas.CountStatementsAsync("CREATE TABLE users"));
        Assert.Equal(1, await _replicas.CountStatementsAsync("CREATE TABLE pg_sales"));
    }

    [Fact]
    public async Task Start_MartMadeElsewhereAndAUserWhoMayOnlyRead_ServesItAndKeepsTheRestOnThisMachine()
    {
        await _replicas.SqlAsync(
            """
            DROP SCHEMA public CASCADE;
            CREATE SCHEMA public;
            CREATE TABLE pg_sales (transaction_id text, product text, price float, quantity integer, amount float, sale_date date);
            INSERT INTO pg_sales VALUES ('b2', 'Halal Mouse', 24.99, 10, 249.9, '2023-10-02'), ('a1', 'Halal Laptop', 999.99, 2, 1999.98, '2023-10-01');
            CREATE ROLE only_reads LOGIN PASSWORD 'also-not-a-secret';
            GRANT USAGE ON SCHEMA public TO only_reads;
            GRANT SELECT ON pg_sales TO only_reads;
            """);
        await _replicas.StartAsync(1, new()
        {
            ["data_warehouse__postgres__user"] = "only_reads",
            ["data_warehouse__postgres__password"] = "also-not-a-secret",
        });
        var (client, log) = (_replicas[0].Client, _replicas[0].Log);

        using var day = JsonDocument.Parse(await client.GetStreamAsync("/sales/pg-trends?product_prefix=Halal&sale_month=2023-10-01"));
        Assert.Equal(1999.98m, Assert.Single(day.RootElement.EnumerateArray()).GetProperty("total_amount").GetDecimal());
        using var month = JsonDocument.Parse(await client.GetStreamAsync("/sales/trends?product_prefix=Halal&sale_month=2023-10"));
        Assert.Equal(["Halal Laptop", "Halal Mouse"], month.RootElement.EnumerateArray().Select(row => row.GetProperty("product").GetString()));
        using var health = JsonDocument.Parse(await client.GetStreamAsync("/health/ready"));
        var checks = health.RootElement.GetProperty("checks");
        Assert.Equal("healthy", health.RootElement.GetProperty("status").GetString());
        Assert.Equal("sqlite", checks.GetProperty("store").GetProperty("data").GetProperty("store").GetString());
        Assert.Equal("postgres", checks.GetProperty("marts").GetProperty("data").GetProperty("operational").GetString());
        await log.WaitForAsync("The PostgreSQL user may only read");
        await log.WaitForAsync("are kept in sqlite");
        // It made nothing, and says so to whoever wants to load.
        using var refused = await client.PostAsync(
            "/upload/transactions",
            new StringContent("transaction_id,product,price,quantity,date\nT1,Halal Tea,10,1,2023-10-01\n", new System.Net.Http.Headers.MediaTypeHeaderValue("text/csv")));
        Assert.Contains("PostgreSQL", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.False(refused.IsSuccessStatusCode);
        Assert.Equal(1L, await _replicas.SqlAsync("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"));
        Assert.Equal(2L, await _replicas.SqlAsync("SELECT count(*) FROM pg_sales"));
    }

    private async Task AssertQueriesAsync(long expected)
    {
        var queries = await _replicas.CountMartQueriesAsync();
        Assert.True(expected == queries, $"the mart was asked {queries} times, not {expected}:\n{string.Join("\n\n", _replicas.All.Select(replica => replica.Log.Text))}");
    }

    private async Task AskThousandAsync()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => _replicas[i % 3].Client.GetAsync(Replicas.Question)));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        Assert.Single((await Task.WhenAll(answers.Select(answer => answer.Content.ReadAsStringAsync()))).Distinct());
    }
}
