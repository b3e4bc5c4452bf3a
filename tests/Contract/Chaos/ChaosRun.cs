using System.Text.Json;
using TransactionPipeline.Contract.History;
using TransactionPipeline.Contract.Simulation;
using TransactionPipeline.Core.Store.Postgres;
using TransactionPipeline.KubernetesStandIn;

namespace TransactionPipeline.Contract.Chaos;

/// <summary>
/// Three silos as they are shipped, a PostgreSQL that is their shared store and operational mart, and a SQLite that is the warehouse: asked,
/// changed and harmed for a while, then healed, and asked for everything once more.
/// </summary>
internal sealed class ChaosRun : IAsyncDisposable
{
    private const string Namespace = "data-pipeline";

    private readonly ChaosSettings _settings;
    private readonly Observer _observer = new();
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("chaos-tests-");
    private readonly PostgresServer _server = new();
    private readonly List<IAsyncDisposable> _owned = [];
    private IReadOnlyList<ChaosMart> _marts = [];

    private ChaosRun(ChaosSettings settings) => _settings = settings;

    /// <summary>What happened.</summary>
    public IReadOnlyList<HistoryEvent> History => _observer.History;

    public ChaosFleet Fleet { get; private set; } = null!;

    public ChaosFaults Faults { get; private set; } = null!;

    /// <summary>Commits that nobody knew to be one or not, until the mart was asked.</summary>
    public int UncertainCommits => _marts.Sum(mart => mart.Uncertain);

    /// <summary>What was not right although everything was well again.</summary>
    public IReadOnlyList<string> Unhealed { get; private set; } = [];

    /// <summary>Carries one out.</summary>
    public static async Task<ChaosRun> GoAsync(ChaosSettings settings)
    {
        var run = new ChaosRun(settings);
        try
        {
            await run.GoAsync();
            return run;
        }
        catch (Exception failed)
        {
            var logs = run.Fleet is { } fleet ? ChaosReport.Logs(fleet) : "";
            await run.DisposeAsync();
            throw new InvalidOperationException($"The run of CHAOS_SEED={settings.Seed} came to no end: {failed.Message}\n{logs}", failed);
        }
    }

    public async ValueTask DisposeAsync()
    {
        for (var last = _owned.Count - 1; last >= 0; last--) await _owned[last].DisposeAsync();
        await _server.DisposeAsync();
        _state.Delete(recursive: true);
    }

    private async Task StartAsync(Dice dice)
    {
        var starting = _server.InitializeAsync();
        var api = Own(await KubernetesStandInServer.StartAsync(
            new StandInOptions { Namespaces = [Namespace], Manifests = [Path.Combine(Repository.Chart, "crds")] }));
        await starting;
        var options = await _server.CreateDatabaseAsync();
        var operational = Own(new OperationalMart(_observer, _server, options, new Dice(dice.Next())));
        var warehouse = Own(new WarehouseMart(_observer, _state.FullName, new Dice(dice.Next())));
        await operational.MakeAsync();
        await operational.FillAsync();
        await warehouse.FillAsync();
        _marts = [operational, warehouse];
        await ChaosFleet.MakeUsersAsync(_server);
        var line = Own(new TcpProxy(options.Port));
        Fleet = Own(new ChaosFleet(_observer, api, Settings(options, line)));
        await Fleet.StartAsync();
        Faults = new ChaosFaults(_settings, _observer, _server, line, api, Fleet, operational, warehouse);
    }

    private async Task GoAsync()
    {
        var dice = new Dice(_settings.Seed);
        await StartAsync(dice);
        using var asker = new Asker(_observer, Fleet.Token);
        using var harm = new CancellationTokenSource(_settings.Time, TimeProvider.System);
        using var load = new CancellationTokenSource();
        var clients = Enumerable.Range(0, ChaosSettings.Clients).Select(i => new ChaosClient(i, Fleet, asker, new Dice(dice.Next()))).ToList();
        var (stores, silos) = (new Dice(dice.Next()), new Dice(dice.Next()));
        List<Task> loading =
        [
            .. clients.Select(client => Task.Run(() => client.AskUntilAsync(load.Token))),
            .. _marts.Select(mart => Task.Run(() => mart.ChangeUntilAsync(load.Token))),
        ];
        var harming = Task.WhenAll(
            Task.Run(() => Faults.HarmStoresUntilAsync(stores, harm.Token)), Task.Run(() => Faults.HarmSilosUntilAsync(silos, harm.Token)));
        try
        {
            // Clients and changes end by themselves only when they fail.
            await await Task.WhenAny([harming, .. loading]);
            await Fleet.SettleAsync();
        }
        finally
        {
            await harm.CancelAsync();
            await load.CancelAsync();
            await Task.WhenAll([harming, .. loading]);
        }
        Unhealed = await CheckHealedAsync(asker);
        foreach (var silo in Fleet.Members) await WeighAsync(silo);
    }

    /// <summary>Waits until every silo has everything from the mart again; then asks for it once more, as anybody does.</summary>
    private async Task<IReadOnlyList<string>> CheckHealedAsync(Asker asker)
    {
        var rows = _observer.History.OfType<Changed>().GroupBy(change => change.Month).ToDictionary(changes => changes.Key, changes => changes.Last().Rows);
        var asked = from silo in Fleet.Members from key in ChaosKeys.All select (silo, key);
        foreach (var (silo, key) in asked)
        {
            await Phase.UntilAsync(
                async () => IsRight(await asker.AskAsync("checker", silo, key, new Demand(MaxAge: TimeSpan.Zero)), key), $"a right answer of {silo.Name} for {key}");
        }
        var wrong = new List<string>();
        foreach (var (silo, key) in asked)
        {
            var answer = await asker.AskAsync("checker", silo, key, default);
            if (!IsRight(answer, key)) wrong.Add($"{silo.Name} answers for {key}: {(answer is null ? "nothing" : HistoryText.Of(answer))}");
        }
        return wrong;

        bool IsRight(Answered? answer, AnswerKey key) => answer is { Status: 200, Origin: not AnswerOrigin.StaleIfError }
            && answer.Content == SaleRow.Text(rows[key.Month].Where(row => row.Product.StartsWith(key.Prefix, StringComparison.Ordinal)));
    }

    private async Task WeighAsync(ChaosSilo silo)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/admin/cache") { Headers = { Authorization = Fleet.Token } };
        using var answer = await silo.Process.Client.SendAsync(request);
        answer.EnsureSuccessStatusCode();
        using var keys = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        var bytes = keys.RootElement.EnumerateArray().Sum(key => key.GetProperty("size_bytes").GetInt64());
        _observer.Note(at => new Weighed(at, silo.Name, bytes));
    }

    private T Own<T>(T one)
        where T : IAsyncDisposable
    {
        _owned.Add(one);
        return one;
    }

    private Dictionary<string, string> Settings(PostgresOptions options, TcpProxy line) => ProgramSettings.Over(options)
        .With(ChaosSettings.OfTheCache)
        .With(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["DOTNET_shutdownTimeoutSeconds"] = "30",
            ["state_directory"] = _state.FullName,
            ["data_warehouse__postgres__port"] = $"{line.Port}",
            ["marts__warehouse"] = "sqlite",
            ["cluster__provider"] = "kubernetes",
            ["cluster__cluster_id"] = "chaos",
            ["cluster__namespace"] = Namespace,
            ["cluster__drain_seconds"] = "1",
            ["Logging__LogLevel__TransactionPipeline.Web.Sales"] = "Warning",
        });
}
