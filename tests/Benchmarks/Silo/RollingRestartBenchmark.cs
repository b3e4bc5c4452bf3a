using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using TransactionPipeline.Benchmarks.Http;
using TransactionPipeline.KubernetesStandIn;

namespace TransactionPipeline.Benchmarks.Silo;

/// <summary>
/// Three silos, their membership in the API server's stand-in, are replaced one by one as a Deployment with maxUnavailable 0 does it, with
/// the drain of the chart, while clients ask whichever say that they are ready. Counts what the clients did not get.
/// </summary>
internal sealed class RollingRestartBenchmark : IDisposable
{
    private const string Query = "/sales/trends?product_prefix=Halal&sale_month=2023-10-01";
    private const int FirstPort = 18771;
    private const int Clients = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly SiloBuild _build;
    private readonly string _directory;
    private readonly KubernetesStandInServer _api;
    private readonly ConcurrentDictionary<string, int> _errors = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<double> _took = [];
    private readonly HttpClient _http = new();
    private volatile (string Address, Child Child)[] _silos = [];
    private volatile string[] _ready = [];
    private volatile bool _stopped;
    private int _started;

    private RollingRestartBenchmark(SiloBuild build, string directory, KubernetesStandInServer api) => (_build, _directory, _api) = (build, directory, api);

    public static async Task RunAsync(SiloBuild build, string directory)
    {
        var crds = Path.Combine(Root(), "helm", "transaction-pipeline", "crds");
        await using var api = await KubernetesStandInServer.StartAsync(new StandInOptions { Namespaces = ["bench"], Manifests = [crds] });
        using var benchmark = new RollingRestartBenchmark(build, directory, api);
        await benchmark.RollAsync();
    }

    public void Dispose()
    {
        _stopped = true;
        foreach (var (_, child) in _silos) child.Dispose();
        _http.Dispose();
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "TransactionPipeline.sln"))) folder = folder.Parent;
        return folder.FullName;
    }

    private async Task RollAsync()
    {
        var since = Stopwatch.GetTimestamp();
        for (var silo = 0; silo < 3; silo++) Start();
        var probing = Task.Run(ProbeAsync);
        await AllReadyAsync();
        Console.WriteLine(
            $"three silos ({_build.Name}) on Kubernetes membership, from start together to ready: {Stopwatch.GetElapsedTime(since).TotalSeconds:F2} s");
        using (var client = new HttpClient { BaseAddress = new Uri(_silos[0].Address) })
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await HttpBenchmark.SignInAsync(client));
        var load = Enumerable.Range(0, Clients).Select(client => Task.Run(() => AskAsync(client))).ToList();

        since = Stopwatch.GetTimestamp();
        for (var roll = 0; roll < 3; roll++)
        {
            Start();
            await AllReadyAsync();
            var (_, old) = _silos[0];
            await old.StopAsync();
            _silos = _silos[1..];
            old.Dispose();
        }
        var took = Stopwatch.GetElapsedTime(since);
        _stopped = true;
        await Task.WhenAll([probing, .. load]);

        var times = _took.Order().ToList();
        Console.WriteLine($"rolling restart of three silos ({_build.Name}) under load: {took.TotalSeconds:F1} s, {times.Count} answers, p50 "
            + $"{times[times.Count / 2]:F1} ms, p99 {times[times.Count * 99 / 100]:F1} ms, {_errors.Values.Sum()} errors"
            + string.Concat(_errors.Select(error => $"{Environment.NewLine}  {error.Value} x {error.Key}")));
    }

    private void Start()
    {
        var address = $"http://127.0.0.1:{FirstPort + _started}";
        var child = _build.Start(address, _directory, FirstPort + 20 + _started, new(StringComparer.Ordinal)
        {
            ["cluster__provider"] = "kubernetes",
            ["cluster__api_server"] = _api.Address.ToString(),
            ["cluster__namespace"] = "bench",
            ["cluster__pod_ip"] = "127.0.0.1",
            ["cluster__pod_name"] = $"silo-{_started}",
        });
        _started++;
        _silos = [.. _silos, (address, child)];
    }

    private async Task AllReadyAsync()
    {
        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        while (_silos.Any(silo => !_ready.Contains(silo.Address, StringComparer.Ordinal)))
            await Task.Delay(Pause, TimeProvider.System, limit.Token);
    }

    /// <summary>What a Service does: sends requests to those who said that they are ready when last asked.</summary>
    private async Task ProbeAsync()
    {
        using var prober = new HttpClient { Timeout = TimeSpan.FromSeconds(3) };
        while (!_stopped)
        {
            var ready = new List<string>();
            foreach (var (address, _) in _silos)
            {
                try
                {
                    using var answer = await prober.GetAsync($"{address}/health/ready");
                    if (answer.IsSuccessStatusCode) ready.Add(address);
                }
                catch (Exception away) when (away is HttpRequestException or OperationCanceledException)
                {
                    // Not yet, or no more.
                }
            }
            _ready = [.. ready];
            await Task.Delay(Pause, TimeProvider.System);
        }
    }

    private async Task AskAsync(int turn)
    {
        while (!_stopped)
        {
            var ready = _ready;
            var began = Stopwatch.GetTimestamp();
            try
            {
                using var answer = await _http.GetAsync(ready[turn++ % ready.Length] + Query);
                await answer.Content.ReadAsByteArrayAsync();
                if (answer.StatusCode == HttpStatusCode.OK) _took.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                else _errors.AddOrUpdate($"{(int)answer.StatusCode}", 1, (_, count) => count + 1);
            }
            catch (HttpRequestException cut)
            {
                _errors.AddOrUpdate(cut.Message, 1, (_, count) => count + 1);
            }
        }
    }
}
