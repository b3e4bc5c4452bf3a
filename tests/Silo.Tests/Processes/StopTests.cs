using System.Net;
using Npgsql;
using TransactionPipeline.Core.Store.Postgres;
using TransactionPipeline.KubernetesStandIn;
using TransactionPipeline.Silo.Membership;
using TransactionPipeline.Silo.Tests.Membership;

namespace TransactionPipeline.Silo.Tests.Processes;

/// <summary>
/// The steps of an orderly stop, in their order, seen from outside: at /health/ready, in the answers, in the lease's row and in the
/// membership table. Locks on the mart's tables hold its queries up for as long as a step is looked at.
/// </summary>
[Collection(PostgresCollection.Name)]
public sealed class StopTests(PostgresFixture server) : IAsyncLifetime
{
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("stop-tests-");
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(60) };
    private KubernetesStandInServer _api = null!;
    private PostgresOptions _postgres = null!;

    public async Task InitializeAsync()
    {
        _postgres = await server.CreateDatabaseAsync();
        _api = await KubernetesStandInServer.StartAsync(
            new StandInOptions { Namespaces = [MembershipClient.Namespace], Manifests = [Path.Combine(Repository.Chart, "crds")] });
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _api.DisposeAsync();
        _state.Delete(recursive: true);
    }

    [Fact]
    public async Task Terminate_DuringRefreshes_DrainsRequestsGivesLeasesBackAndLeavesLast()
    {
        await using var silo = ProgramProcess.StartInAPod("silo-0", Settings());
        await Phase.UntilAsync(async () => await silo.ReadyAsync(_client) is (HttpStatusCode.OK, 1), "the silo's readiness");
        _client.DefaultRequestHeaders.Authorization = await silo.SignInAsync();
        var warm = new Uri(silo.Address, "/sales/trends?sale_month=2023-10&product_prefix=Laptop");
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync(warm)).StatusCode);

        var watched = new Uri(silo.Address, "/sales/pg-trends?sale_month=2023-10&product_prefix=Key");
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync(watched)).StatusCode);

        // One refresh that a request waits for, and one after news that nobody waits for.
        await using var first = await LockAsync("summary_sales");
        await using var second = await LockAsync("pg_sales");
        var waiting = _client.GetAsync(new Uri(silo.Address, "/sales/trends?sale_month=2023-10&product_prefix=Key"));
        await server.ExecuteAsync(_postgres.Database, "UPDATE mart_versions SET version = version + 1 WHERE mart = 'operational'");
        await Phase.UntilAsync(async () => await IsLeasedAsync("warehouse") && await IsLeasedAsync("operational"), "both refreshes");

        // Not ready first, while requests are still taken.
        await silo.TerminateAsync();
        await Phase.UntilAsync(async () => (await silo.ReadyAsync(_client)).Code == HttpStatusCode.ServiceUnavailable, "its being not ready");
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync(warm)).StatusCode);
        Assert.Equal(("Active", false), (StatusInTable(), waiting.IsCompleted));

        // Then no more are taken, but the one that waits is answered before the silo leaves.
        await Phase.UntilAsync(async () => (await silo.ReadyAsync(_client)).Code is null, "the end of its intake");
        Assert.Equal(("Active", false), (StatusInTable(), waiting.IsCompleted));
        await first.DisposeAsync();
        using var answer = await Phase.InTimeAsync(waiting, "the answer of the request that waited");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        // Then the grains go, each once its refresh is done and its lease is given back; and the silo leaves the cluster.
        await Phase.UntilAsync(() => StatusInTable() == "ShuttingDown", "its announcement that it leaves");
        Assert.True(await IsLeasedAsync("operational"), "the lease was given back before the refresh was done");
        await second.DisposeAsync();
        await Phase.UntilAsync(() => StatusInTable() == "Dead", "its leaving the cluster");
        Assert.False(await IsLeasedAsync("operational") || await IsLeasedAsync("warehouse"), "it left without giving its leases back");
        Assert.Equal(2L, await server.ExecuteAsync(_postgres.Database, "SELECT count(*) FROM snapshots WHERE key LIKE '%/Key' AND content IS NOT NULL"));
        await silo.WaitForExitAsync("its end");
        Assert.True(silo.ExitCode == 0, $"it ended with {silo.ExitCode}:{Environment.NewLine}{silo.Log.Text}");
    }

    private Dictionary<string, string> Settings() => new(StringComparer.Ordinal)
    {
        ["ASPNETCORE_ENVIRONMENT"] = "Development",
        ["DOTNET_shutdownTimeoutSeconds"] = "60",
        ["state_directory"] = _state.FullName,
        ["cluster__provider"] = "kubernetes",
        ["cluster__cluster_id"] = "stop",
        ["cluster__api_server"] = _api.Address.ToString(),
        ["cluster__namespace"] = MembershipClient.Namespace,
        ["cluster__drain_seconds"] = "2",
        // Longer than the test: what ends is ended by the stop, not by the clock.
        ["cache__lease_seconds"] = "300",
        ["cache__poll_seconds"] = "1",
        ["marts__guard__warehouse__timeout_seconds"] = "300",
        ["marts__guard__warehouse__attempt_timeout_seconds"] = "300",
        ["marts__guard__operational__timeout_seconds"] = "300",
        ["marts__guard__operational__attempt_timeout_seconds"] = "300",
        ["data_warehouse__postgres__host"] = _postgres.Host,
        ["data_warehouse__postgres__port"] = $"{_postgres.Port}",
        ["data_warehouse__postgres__dbname"] = _postgres.Database,
        ["data_warehouse__postgres__user"] = _postgres.User!,
        ["data_warehouse__postgres__password"] = _postgres.Password!,
        ["data_warehouse__postgres__sslmode"] = _postgres.SslMode,
    };

    private string? StatusInTable() => _api.Objects(MembershipApi.Group, MembershipApi.Tables)
        .SelectMany(table => table["spec"]!["silos"]!.AsArray()).Single()!["status"]!.GetValue<string>();

    private async Task<bool> IsLeasedAsync(string mart) => await server.ExecuteAsync(
        _postgres.Database, $"SELECT count(*) FROM leases WHERE name = '{mart}/2023-10/Key' AND expires_at > clock_timestamp()") is 1L;

    /// <summary>Holds a table's readers up until the connection is closed.</summary>
    private async Task<NpgsqlConnection> LockAsync(string table)
    {
        var connection = new NpgsqlConnection(server.ConnectionStringTo(_postgres.Database));
        await connection.OpenAsync();
        await using var begin = new NpgsqlCommand($"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE", connection);
        await begin.ExecuteNonQueryAsync();
        return connection;
    }
}
