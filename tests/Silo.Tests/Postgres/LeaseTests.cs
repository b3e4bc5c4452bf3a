using System.Text.Json;
using Xunit.Abstractions;

namespace TransactionPipeline.Silo.Tests.Postgres;

/// <summary>A replica that holds a key's lease dies or sleeps in mid-refresh.</summary>
[Collection(PostgresCollection.Name)]
public sealed class LeaseTests(PostgresFixture server, ITestOutputHelper output) : IAsyncLifetime
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
    public async Task Get_LeaseHolderKilledInMidRefresh_AnotherTakesOverAfterTheLease()
    {
        const int leaseSeconds = 3;
        await StartAsync(leaseSeconds);
        await _replicas.SqlAsync(
            """
            CREATE TABLE lease_log (name text, fence bigint, expires_at timestamptz, at timestamptz DEFAULT clock_timestamp());
            CREATE FUNCTION log_lease() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN INSERT INTO lease_log VALUES (NEW.name, NEW.fence, NEW.expires_at); RETURN NULL; END $$;
            CREATE TRIGGER logging AFTER INSERT OR UPDATE ON leases FOR EACH ROW EXECUTE FUNCTION log_lease();
            """);
        Task<decimal> waiting;
        await using (await _replicas.LockSalesAsync())
        {
            var lost = await AskInMidRefreshAsync();
            waiting = Replicas.PriceAsync(_replicas[1]);
            await _replicas[0].KillAsync();
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => lost);
        }

        Assert.Equal(1m, await waiting);

        var late = (double)(await _replicas.SqlAsync(
            $"""
            SELECT extract(epoch FROM
                (SELECT min(at) FROM lease_log WHERE name = '{Replicas.Key}' AND fence = 2)
                - (SELECT max(expires_at) FROM lease_log WHERE name = '{Replicas.Key}' AND fence = 1))::float8
            """))!;
        output.WriteLine($"taken over {late * 1000:F0} ms after the lease of {leaseSeconds} s");
        // By the database's clock: never before its end.
        Assert.True(late >= 0, $"the lease was taken over {-late} s before its end");
        Assert.Equal(2L, await _replicas.SqlAsync($"SELECT fence FROM leases WHERE name = '{Replicas.Key}'"));
    }

    [Fact]
    public async Task Get_LeaseHolderSleepsInMidRefresh_ItsLateCommitIsRefused()
    {
        await StartAsync(leaseSeconds: 2);
        Task<HttpResponseMessage> late;
        await using (await _replicas.LockSalesAsync())
        {
            late = await AskInMidRefreshAsync();
            await _replicas[0].SignalAsync("STOP");
        }
        await _replicas.ChangeAsync(2m);
        Assert.Equal(2m, await Replicas.PriceAsync(_replicas[1]));

        await _replicas[0].SignalAsync("CONT");

        using var rows = JsonDocument.Parse(await (await late.WaitAsync(TimeSpan.FromSeconds(30))).Content.ReadAsStringAsync());
        Assert.Equal(2m, rows.RootElement[0].GetProperty("avg_price").GetDecimal());
        await _replicas[0].Log.WaitForAsync("came too late: its lease (fence 1)");
        Assert.Equal(2L, await _replicas.SqlAsync($"SELECT fence FROM snapshots WHERE key = '{Replicas.Key}'"));
    }

    /// <summary>Two replicas; the first one goes over the proxy.</summary>
    private async Task StartAsync(int leaseSeconds)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["cache__lease_seconds"] = $"{leaseSeconds}",
            ["marts__guard__operational__timeout_seconds"] = "60",
            ["marts__guard__operational__attempt_timeout_seconds"] = "60",
        };
        await _replicas.StartAsync(1, new(settings.Concat(Replicas.Over(_proxy.Port)), StringComparer.Ordinal));
        await _replicas.StartAsync(1, settings);
    }

    /// <summary>Asks the first replica, until it has the lease and is held up in its read of the mart.</summary>
    private async Task<Task<HttpResponseMessage>> AskInMidRefreshAsync()
    {
        var reading = _proxy.WhenClientSaysAsync("FROM pg_sales WHERE sale_date BETWEEN");
        var asking = _replicas[0].Client.GetAsync(Replicas.Question);
        await reading;
        return asking;
    }
}
