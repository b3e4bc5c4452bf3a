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
    private const int Rounds = 5;
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

    /// <summary>In rounds, the builds by turns; what counts is the median of the rounds.</summary>
    /// <param name="folder">Of an older build, or null.</param>
    public static async Task<int> RunAsync(string? folder)
    {
        var builds = SiloBuild.Beside(folder);
        var rolls = builds.Select(_ => new List<Roll>()).ToArray();
        // The first round of each is warm-up.
        for (var round = 0; round <= Rounds; round++)
            for (var i = 0; i < builds.Count; i++) rolls[i].Add(await RunAsync(builds[i]));
        for (var i = 0; i < builds.Count; i++)
            Console.WriteLine($"{builds[i].Name}, median of {Rounds}: {Middle(rolls[i])}, {rolls[i].Skip(1).Sum(roll => roll.Errors)} errors in all");
        return 0;
    }

    private static Roll Middle(List<Roll> rolls) => new(
        HttpBenchmark.Median([.. rolls.Select(roll => roll.StartSeconds)]),
        HttpBenchmark.Median([.. rolls.Select(roll => roll.Seconds)]),
        (int)HttpBenchmark.Median([.. rolls.Select(roll => (double)roll.Answers)]),
        HttpBenchmark.Median([.. rolls.Select(roll => roll.P50)]),
        HttpBenchmark.Median([.. rolls.Select(roll => roll.P99)]),
        (int)HttpBenchmark.Median([.. rolls.Select(roll => (double)roll.Errors)]));

    private static async Task<Roll> RunAsync(SiloBuild build)
    {
        var directory = Directory.CreateTempSubdirectory("roll-benchmark-");
        try
        {
            var crds = Path.Combine(Root(), "helm", "transaction-pipeline", "crds");
            await using var api = await KubernetesStandInServer.StartAsync(new StandInOptions { Namespaces = ["bench"], Manifests = [crds] });
            using var benchmark = new RollingRestartBenchmark(build, directory.FullName, api);
            var roll = await benchmark.RollAsync();
            Console.WriteLine($"rolling restart of three silos ({build.Name}) on Kubernetes membership, under load: {roll}{benchmark.ErrorsText()}");
            return roll;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
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

    private string ErrorsText() => string.Concat(_errors.Select(error => $"{Environment.NewLine}  {error.Value} x {error.Key}"));

    private async Task<Roll> RollAsync()
    {
        var since = Stopwatch.GetTimestamp();
        for (var silo = 0; silo < 3; silo++) Start();
        var probing = Task.Run(ProbeAsync);
        await AllReadyAsync();
        var start = Stopwatch.GetElapsedTime(since);
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
        return new(
            start.TotalSeconds, took.TotalSeconds, times.Count, times[times.Count / 2], times[times.Count * 99 / 100], _errors.Values.Sum());
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

    private sealed record Roll(double StartSeconds, double Seconds, int Answers, double P50, double P99, int Errors)
    {
        public override string ToString() =>
            $"start together to ready {StartSeconds:F2} s, roll {Seconds:F1} s, {Answers} answers, p50 {P50:F1} ms, p99 {P99:F1} ms, {Errors} errors";
    }
}
