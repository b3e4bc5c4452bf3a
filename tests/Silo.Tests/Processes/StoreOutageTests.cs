using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;
using TransactionPipeline.KubernetesStandIn;
using TransactionPipeline.Silo.Tests.Membership;

namespace TransactionPipeline.Silo.Tests.Processes;

/// <summary>
/// The shared store, a PostgreSQL, or the silo that works with it goes away, as callers of real silos see it. The marts are in SQLite, out of
/// the store's reach.
/// </summary>
public sealed class StoreOutageTests : IAsyncLifetime
{
    private const string Question = "/sales/trends?product_prefix=Halal&sale_month=2023-10";
    private const string Waiting = "wait_event_type = 'Lock'";
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("outage-tests-");
    private readonly PostgresServer _store = new();
    private readonly Fleet _silos = new();
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(60) };
    private KubernetesStandInServer _api = null!;
    private string _database = null!;
    private TestSales _sales = null!;
    private TcpProxy _proxy = null!;
    private Dictionary<string, string> _settings = null!;

    public async Task InitializeAsync()
    {
        _sales = new TestSales(_state.FullName);
        await _sales.SellAsync();
        await _store.InitializeAsync();
        var options = await _store.CreateDatabaseAsync();
        _database = options.Database;
        _proxy = new TcpProxy(options.Port);
        _api = await KubernetesStandInServer.StartAsync(
            new StandInOptions { Namespaces = [MembershipClient.Namespace], Manifests = [Path.Combine(Repository.Chart, "crds")] });
        _settings = ProgramSettings.Over(options).With(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["data_warehouse__postgres__port"] = $"{_proxy.Port}",
            ["marts__warehouse"] = "sqlite",
            ["marts__operational"] = "sqlite",
            ["state_directory"] = _state.FullName,
            ["cluster__provider"] = "kubernetes",
            ["cluster__cluster_id"] = "outage",
            ["cluster__api_server"] = _api.Address.ToString(),
            ["cluster__namespace"] = MembershipClient.Namespace,
            ["cluster__idle_minutes"] = "2",
            // So long that nobody here waits for its end.
            ["cache__lease_seconds"] = "3600",
        });
    }

    public async Task DisposeAsync()
    {
        await _silos.DisposeAsync();
        await _proxy.DisposeAsync();
        await _api.DisposeAsync();
        await _store.DisposeAsync();
        _sales.Dispose();
        _client.Dispose();
        _state.Delete(recursive: true);
    }

    [Fact]
    public async Task Get_OwnerKilledAfterTheStoreWasAway_EverySiloShowsTheNextChange()
    {
        await StartAsync(3);
        await ChangeWhileTheStoreIsAwayAsync();

        var name = await FindOwnerAsync(_silos[0]);
        var owner = _silos.Members.Single(silo => silo.Name == name);
        await owner.KillAsync();
        _silos.Leave(owner);
        // Till then its keys are refreshed by whoever is asked; from then on by an owner that begins anew.
        await _silos.AgreeAsync(2);

        await ShowsTheNextChangeAsync();
    }

    [Fact]
    [Trait("Tier", "Long")]
    public async Task Get_OwnerIdleAfterTheStoreWasAway_EverySiloShowsTheNextChange()
    {
        await StartAsync(3);
        await ChangeWhileTheStoreIsAwayAsync();

        // The quiet that ends a grain: twice its idle time at most.
        await Task.Delay(TimeSpan.FromSeconds(245), TimeProvider.System);

        await ShowsTheNextChangeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Get_LeaseCouldNotBeGivenBack_TheNextChangeShowsOnceTheStoreIsBack(bool hangs)
    {
        await StartAsync(1);
        Assert.Equal(_sales.Sold, await TotalAsync(_silos[0], check: true));
        await _sales.SellAsync();
        Task<decimal> asking;
        await using (await LockSnapshotsAsync())
        {
            asking = TotalAsync(_silos[0], check: true);
            await CommitWaitsAsync();
            if (hangs) Assert.Equal(_sales.Sold, await asking);
            else await _store.StopAsync("immediate");
        }
        // Neither stored nor given back, and right all the same.
        Assert.Equal(_sales.Sold, await asking);
        if (!hangs) await _store.StartAsync();

        await Phase.UntilAsync(
            async () => !(bool)(await _store.ExecuteAsync(_database, "SELECT EXISTS (SELECT FROM leases WHERE name = 'warehouse/2023-10/Halal' AND expires_at > now())"))!,
            "the giving back of the lease");
        await ShowsTheNextChangeAsync();
    }

    [Fact]
    public async Task Get_OwnerKilledInMidRefresh_TheNextDoesNotWaitForItsLease()
    {
        await StartAsync(3);
        foreach (var silo in _silos.Members) Assert.Equal(_sales.Sold, await TotalAsync(silo, check: true));
        var name = await FindOwnerAsync(_silos[0]);
        var owner = _silos.Members.Single(silo => silo.Name == name);
        await _sales.SellAsync();
        Task<decimal> lost;
        await using (await LockSnapshotsAsync())
        {
            lost = TotalAsync(owner, check: true);
            await CommitWaitsAsync();
            await owner.KillAsync();
            _silos.Leave(owner);
            // What it had begun is not to end.
            await _store.ExecuteAsync(_database, $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {Waiting}");
        }
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => lost);

        foreach (var silo in _silos.Members) Assert.Equal(_sales.Sold, await TotalAsync(silo, check: true));
        await ShowsTheNextChangeAsync();
    }

    private async Task CommitWaitsAsync() => await Phase.UntilAsync(
        async () => (bool)(await _store.ExecuteAsync(_database, $"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE {Waiting})"))!, "the commit, which waits");

    private async Task<NpgsqlConnection> LockSnapshotsAsync()
    {
        var blocking = new NpgsqlConnection(_store.ConnectionStringTo(_database));
        await blocking.OpenAsync();
        await using var locking = new NpgsqlCommand("BEGIN; LOCK TABLE snapshots IN EXCLUSIVE MODE", blocking);
        await locking.ExecuteNonQueryAsync();
        return blocking;
    }

    private async Task StartAsync(int silos)
    {
        for (var i = 0; i < silos; i++) _silos.Join(ProgramProcess.StartInAPod($"silo-{i}", _settings));
        await _silos.AgreeAsync(silos);
        _client.DefaultRequestHeaders.Authorization = await _silos[0].SignInAsync();
    }

    /// <summary>Three changes, each seen by every silo, of which the store never hears.</summary>
    private async Task ChangeWhileTheStoreIsAwayAsync()
    {
        foreach (var silo in _silos.Members) Assert.Equal(_sales.Sold, await TotalAsync(silo));
        await _store.StopAsync();
        for (var i = 0; i < 3; i++)
        {
            await _sales.SellAsync();
            foreach (var silo in _silos.Members) Assert.Equal(_sales.Sold, await TotalAsync(silo, check: true));
        }
        await _store.StartAsync();
    }

    private async Task ShowsTheNextChangeAsync()
    {
        await _sales.SellAsync();
        // Who asks for a check gets what is so, at once.
        foreach (var silo in _silos.Members) Assert.Equal(_sales.Sold, await TotalAsync(silo, check: true));
        await _sales.SellAsync();
        foreach (var silo in _silos.Members)
            await Phase.UntilAsync(async () => await TotalAsync(silo) == _sales.Sold, $"the change in {silo.Name}, with {_sales.Sold} sold");
    }

    private async Task<decimal> TotalAsync(ProgramProcess silo, bool check = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(silo.Address, Question));
        if (check) request.Headers.CacheControl = new() { NoCache = true };
        using var answer = await _client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{silo.Name}: {answer.StatusCode} {text}");
        using var rows = JsonDocument.Parse(text);
        return rows.RootElement.EnumerateArray().Sum(row => row.GetProperty("total_amount").GetDecimal());
    }

    private async Task<string> FindOwnerAsync(ProgramProcess silo)
    {
        using var answer = await _client.GetAsync(new Uri(silo.Address, "/admin/cache"));
        var keys = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return keys.EnumerateArray().Single(key => key.GetProperty("key").GetString() == "warehouse/2023-10/Halal").GetProperty("owner").GetString()!;
    }
}
