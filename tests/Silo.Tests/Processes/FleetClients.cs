using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace TransactionPipeline.Silo.Tests.Processes;

/// <summary>
/// Clients that ask silo after silo for keys owned by different silos, name what they saw last, and take nothing wrong, older or 5xx;
/// a version means the same data in every silo.
/// That a silo that was killed or frozen does not answer at all is not held against the others.
/// </summary>
internal sealed class FleetClients : IAsyncDisposable
{
    private static readonly string[] Prefixes = ["Halal", "Halal L", "Halal Lap", "Halal Laptop"];
    private readonly SiloFleet _fleet;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(5) };
    // Who checks waits for the mart, behind an owner that may be dead.
    private readonly HttpClient _checker = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly ConcurrentDictionary<(int Client, long Version), int> _sales = new();
    private readonly int[] _seen = new int[Prefixes.Length];
    private readonly List<Task> _running;
    private volatile bool _stopped;
    private int _answers;
    private int _unanswered;

    public FleetClients(SiloFleet fleet)
    {
        _fleet = fleet;
        _http.DefaultRequestHeaders.Authorization = fleet.Token;
        _checker.DefaultRequestHeaders.Authorization = fleet.Token;
        _running = [.. Prefixes.Select((_, client) => Task.Run(() => RunAsync(client)))];
    }

    public int Answers => Volatile.Read(ref _answers);

    public int Unanswered => Volatile.Read(ref _unanswered);

    /// <summary>Every key has been answered with so many sales.</summary>
    public Task SawAsync(int sales) => WatchAsync(() => _seen.Min() >= sales, $"an answer with {sales} sales for every key");

    /// <summary>So many more answers were given.</summary>
    public Task GoOnAsync(int answers)
    {
        var before = Answers;
        return WatchAsync(() => Answers >= before + answers, $"{answers} more answers");
    }

    /// <summary>So much time goes by under load, with a new sale as soon as the one before shows at every client.</summary>
    public async Task GoOnForAsync(TimeSpan duration)
    {
        var since = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(since) < duration)
        {
            await SawAsync(await _fleet.Sales.SellAsync());
            await GoOnAsync(100);
        }
    }

    /// <summary>Every key checked with the mart through each of the silos, all at once.</summary>
    public Task CheckAllAsync(IEnumerable<SiloProcess> silos) =>
        Task.WhenAll(silos.SelectMany(silo => Prefixes.Select(prefix => CheckAsync(silo, prefix))));

    public async ValueTask DisposeAsync()
    {
        _stopped = true;
        await Phase.InTimeAsync(Task.WhenAll(_running), "the clients' end");
        _http.Dispose();
        _checker.Dispose();
    }

    private async Task CheckAsync(SiloProcess silo, string prefix)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Address(silo, prefix));
        request.Headers.CacheControl = new() { NoCache = true };
        using var answer = await _checker.SendAsync(request);
        Assert.Equal((HttpStatusCode.OK, _fleet.Sales.Sold), (answer.StatusCode, await SalesAsync(answer)));
        Assert.DoesNotContain("detail=stale", answer.Headers.GetValues("Cache-Status").Single(), StringComparison.Ordinal);
    }

    private static Uri Address(SiloProcess silo, string prefix) =>
        new(silo.Address, $"/sales/trends?sale_month=2023-10&product_prefix={Uri.EscapeDataString(prefix)}");

    private static async Task<int> SalesAsync(HttpResponseMessage answer)
    {
        var rows = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return (int)rows.EnumerateArray().Sum(row => row.GetProperty("total_amount").GetDecimal());
    }

    private async Task WatchAsync(Func<bool> holds, string phase)
    {
        await Phase.UntilAsync(() => holds() || _running.Any(client => client.IsFaulted), phase);
        foreach (var failed in _running.Where(client => client.IsFaulted)) await failed;
    }

    private async Task RunAsync(int client)
    {
        var (tag, version, turn) = ((string?)null, 0L, client);
        while (!_stopped)
        {
            if (_fleet.Ready is not { Count: > 0 } ready)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
                continue;
            }
            var silo = ready[turn++ % ready.Count];
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, Address(silo, Prefixes[client]));
                if (tag is not null) request.Headers.TryAddWithoutValidation("If-None-Match", tag);
                using var answer = await _http.SendAsync(request);
                if (answer.StatusCode != HttpStatusCode.NotModified)
                {
                    if (answer.StatusCode != HttpStatusCode.OK)
                        Assert.Fail($"{silo.Name} answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}{Environment.NewLine}{silo.Log}");
                    var sales = await SalesAsync(answer);
                    tag = answer.Headers.ETag!.ToString();
                    var answered = long.Parse(tag.Split('"')[1].Split('-')[0]);
                    Assert.True(answered >= version, $"{silo.Name} answered version {answered} after {version}");
                    Assert.InRange(sales, _seen[client], _fleet.Sales.Sold);
                    Assert.Equal(_sales.GetOrAdd((client, answered), sales), sales);
                    version = answered;
                    Volatile.Write(ref _seen[client], sales);
                }
                Interlocked.Increment(ref _answers);
            }
            catch (Exception cut) when (cut is HttpRequestException or OperationCanceledException or IOException)
            {
                Assert.False(_fleet.Ready.Contains(silo) && !silo.IsExpectedToFail, $"{silo.Name} is ready but did not answer: {cut}");
                Interlocked.Increment(ref _unanswered);
            }
            // Leaves the silos some of a small machine's processor.
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
    }
}
