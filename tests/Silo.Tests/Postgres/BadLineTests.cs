using System.Globalization;
using System.Net;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Silo.Tests.Postgres;

/// <summary>A whole process whose PostgreSQL is slow, or behind a bad line: the stated error or the last good answer, and it recovers.</summary>
[Collection(PostgresCollection.Name)]
public sealed class BadLineTests(PostgresFixture server) : IAsyncLifetime
{
    private Replicas _replicas = null!;
    private TcpProxy _proxy = null!;

    public async Task InitializeAsync()
    {
        _replicas = await Replicas.CreateAsync(server);
        _proxy = new TcpProxy(server.Port);
    }

    public async Task DisposeAsync()
    {
        await _replicas.DisposeAsync();
        await _proxy.DisposeAsync();
    }

    [Fact]
    public async Task Get_EachFaultInTurn_StatedErrorOrLastGoodAnswerThenRecoveryWithoutARestart()
    {
        // In the order of the defaults (connect, attempt, whole, command: 5, 12, 25, 30 s), only shorter.
        await _replicas.StartAsync(1, new(Replicas.Over(_proxy.Port), StringComparer.Ordinal)
        {
            ["data_warehouse__postgres__connect_timeout_seconds"] = "1",
            ["data_warehouse__postgres__command_timeout_seconds"] = "3",
            ["marts__guard__operational__attempt_timeout_seconds"] = "1",
            ["marts__guard__operational__timeout_seconds"] = "2",
            ["cache__retry_after_error_seconds"] = "0.1",
        });
        var replica = _replicas[0];
        var price = 1m;
        foreach (var fault in Enum.GetValues<TcpFault>().Where(fault => fault != TcpFault.None))
        {
            await RecoverAsync(replica, $"recovery before {fault}", price);
            if (fault == TcpFault.CutServer) _proxy.CutServerAfter(1);
            else if (fault == TcpFault.CutClient) _proxy.CutClientAfter(1);
            else _proxy.Fault = fault;
            var isCut = fault is TcpFault.CutServer or TcpFault.CutClient;

            var (warm, cold) = (CheckAsync(replica), ColdAsync(replica, fault));

            Assert.True((await warm).Price == price && (isCut || (await warm).IsLastGood), $"{fault}: {await warm}");
            var (status, told) = await Phase.InTimeAsync(cold, $"the answer to a cold question under {fault}");
            // What is cut once is read again by the retry.
            if (!isCut)
            {
                Assert.Contains(status, new[] { HttpStatusCode.InternalServerError, HttpStatusCode.ServiceUnavailable });
                Assert.Contains("Query error: ", told, StringComparison.Ordinal);
            }
            foreach (var secret in _replicas.Secrets) Assert.DoesNotContain(secret, told, StringComparison.Ordinal);
            using var live = await replica.Client.GetAsync("/health/live");
            Assert.Equal(HttpStatusCode.OK, live.StatusCode);
            // It changes while the line is bad, and is seen once it is whole.
            await _replicas.ChangeAsync(++price);
            _proxy.Fault = TcpFault.None;
        }
        await RecoverAsync(replica, "the last recovery", price);
        await Replicas.HealthAsync(replica, "healthy");
        foreach (var secret in _replicas.Secrets) Assert.DoesNotContain(secret, replica.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_HundredColdKeysWhileTheMartHangs_HoldFewConnectionsAndThreadsAndNotTheCachedAnswers()
    {
        await _replicas.ChangeAsync(1m, new Month(2023, 11));
        // What one mart's questions may take of a pool of 20.
        const int share = 4;
        var tests = await CountAsync("true");
        await _replicas.StartAsync(1);
        var replica = _replicas[0];
        await Replicas.PriceAsync(replica);
        Task<HttpResponseMessage>[] cold;
        await using (await _replicas.LockSalesAsync())
        {
            var threads = await CountThreadsAsync(replica);
            cold = [.. Enumerable.Range(0, 100).Select(i => replica.Client.GetAsync($"/sales/pg-trends?product_prefix=Halal{i}&sale_month=2023-11"))];
            await Phase.UntilAsync(async () => await CountAsync("wait_event_type = 'Lock'") == share, "the hanging of the mart's share of the connections");

            foreach (var _ in Enumerable.Range(0, 200)) Assert.Equal(1m, await Replicas.PriceAsync(replica));

            Assert.Equal(share, await CountAsync("wait_event_type = 'Lock'"));
            // Those, the listener's, and what the store and the other mart need in passing: no more than the pool has.
            Assert.InRange(await CountAsync("true"), tests + share + 1, tests + 20);
            Assert.InRange(await CountThreadsAsync(replica), 1, threads + 16);
            Assert.All(cold, asking => Assert.False(asking.IsCompleted));
        }

        var answers = await Task.WhenAll(cold);
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
    }

    private Task<int> CountAsync(string condition) => CountConnectionsAsync(
        $"SELECT count(*)::integer FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'transaction-pipeline' AND {condition}");

    private async Task<int> CountConnectionsAsync(string sql) => (int)(await _replicas.SqlAsync(sql))!;

    private static async Task<int> CountThreadsAsync(ProgramProcess replica)
    {
        var line = (await replica.Client.GetStringAsync("/metrics")).Split('\n')
            .Single(line => line.StartsWith("dotnet_thread_pool_thread_count", StringComparison.Ordinal));
        return (int)double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
    }

    private static async Task RecoverAsync(ProgramProcess replica, string phase, decimal price)
    {
        var last = default(Checked);
        try
        {
            await Phase.UntilAsync(async () => (last = await CheckAsync(replica)) is { IsLastGood: false } found && found.Price == price, phase);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{phase}: {last}", late);
        }
    }

    /// <summary>The answer to a caller that has it checked with the mart.</summary>
    private static async Task<Checked> CheckAsync(ProgramProcess replica)
    {
        using var asking = new HttpRequestMessage(HttpMethod.Get, Replicas.Question) { Headers = { { "Cache-Control", "no-cache" } } };
        using var answer = await replica.Client.SendAsync(asking);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        using var rows = await System.Text.Json.JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync());
        return new(
            rows.RootElement[0].GetProperty("avg_price").GetDecimal(),
            string.Join(',', answer.Headers.GetValues("Cache-Status")).Contains("stale-if-error", StringComparison.Ordinal));
    }

    private static async Task<(HttpStatusCode Status, string Told)> ColdAsync(ProgramProcess replica, TcpFault fault)
    {
        using var answer = await replica.Client.GetAsync($"/sales/pg-trends?product_prefix=Other{fault}&sale_month=2023-10");
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private readonly record struct Checked(decimal Price, bool IsLastGood);
}
