using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Silo.Tests.Processes;

/// <summary>
/// Clients that ask silo after silo for keys of both marts, two for each key, name what they saw last, and take nothing wrong, older or
/// 5xx; a version means the same data in every silo.
/// That a silo that was killed or frozen does not answer at all is not held against the others.
/// </summary>
internal sealed class FleetClients : IAsyncDisposable
{
    private const int ClientsPerKey = 2;

    // So many that they are never all owned by one silo.
    private static readonly IReadOnlyList<QueryKey> Keys =
        [.. KeysOf(Mart.Warehouse, "Ha", "Halal", "Halal L", "Halal Lap", "Halal Laptop"), .. KeysOf(Mart.Operational, "Hal", "Halal", "Halal La")];

    private readonly SiloFleet _fleet;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(5) };
    // Who checks waits for the mart, behind an owner that may be dead.
    private readonly HttpClient _checker = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly ConcurrentDictionary<(QueryKey Key, SnapshotVersion Version), int> _sales = new();
    private readonly int[] _seen = new int[Keys.Count * ClientsPerKey];
    private readonly List<Task> _running;
    private volatile bool _stopped;
    private int _answers;
    private int _unanswered;

    public FleetClients(SiloFleet fleet)
    {
        _fleet = fleet;
        _http.DefaultRequestHeaders.Authorization = fleet.Token;
        _checker.DefaultRequestHeaders.Authorization = fleet.Token;
        _running = [.. Enumerable.Range(0, _seen.Length).Select(client => Task.Run(() => RunAsync(client)))];
    }

    public int Answers => Volatile.Read(ref _answers);

    public int Unanswered => Volatile.Read(ref _unanswered);

    /// <summary>Every client has been answered with so many sales.</summary>
    public Task SawAsync(int sales) => WatchAsync(() => _seen.Min() >= sales, $"an answer with {sales} sales for every client");

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
    public Task CheckAllAsync(IEnumerable<ProgramProcess> silos) =>
        Task.WhenAll(silos.SelectMany(silo => Keys.Select(key => CheckAsync(silo, key))));

    /// <summary>The name of the silo that owns each key, as the asked one has just found out; null where none could be reached.</summary>
    public async Task<IReadOnlyList<string?>> OwnersAsync(ProgramProcess asked)
    {
        // A copy tells who answered for it last.
        await CheckAllAsync([asked]);
        var held = await _checker.GetFromJsonAsync<JsonElement>(new Uri(asked.Address, "/admin/cache"));
        return [.. Keys.Select(key => held.EnumerateArray().Single(one => Text(one, "key") == key.ToString())).Select(one => one.GetProperty("owner").GetString())];

        static string Text(JsonElement one, string name) => one.GetProperty(name).GetString()!;
    }

    public async ValueTask DisposeAsync()
    {
        _stopped = true;
        await Phase.InTimeAsync(Task.WhenAll(_running), "the clients' end");
        _http.Dispose();
        _checker.Dispose();
    }

    private static IEnumerable<QueryKey> KeysOf(Mart mart, params string[] prefixes) =>
        prefixes.Select(prefix => new QueryKey(mart, prefix, new Month(2023, 10)));

    private async Task CheckAsync(ProgramProcess silo, QueryKey key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Address(silo, key));
        request.Headers.CacheControl = new() { NoCache = true };
        using var answer = await _checker.SendAsync(request);
        Assert.Equal((HttpStatusCode.OK, _fleet.Sales.Sold), (answer.StatusCode, await SalesAsync(answer)));
        Assert.DoesNotContain("detail=stale", answer.Headers.GetValues("Cache-Status").Single(), StringComparison.Ordinal);
    }

    private static Uri Address(ProgramProcess silo, QueryKey key) => new(
        silo.Address,
        $"/sales/{(key.Mart == Mart.Warehouse ? "trends" : "pg-trends")}?sale_month={key.Month}"
            + $"&product_prefix={Uri.EscapeDataString(key.Prefix)}&limit=10000");

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
        var (key, tag, version, turn) = (Keys[client % Keys.Count], (string?)null, SnapshotVersion.None, client);
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
                using var request = new HttpRequestMessage(HttpMethod.Get, Address(silo, key));
                if (tag is not null) request.Headers.TryAddWithoutValidation("If-None-Match", tag);
                using var answer = await _http.SendAsync(request);
                if (answer.StatusCode != HttpStatusCode.NotModified)
                {
                    if (answer.StatusCode != HttpStatusCode.OK)
                        Assert.Fail($"{silo.Name} answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}{Environment.NewLine}{silo.Log.Text}");
                    var sales = await SalesAsync(answer);
                    tag = answer.Headers.ETag!.ToString();
                    Assert.True(SnapshotVersion.TryParse(answer.Headers.ETag!.Tag.Trim('"'), out var answered), tag);
                    Assert.True(answered >= version, $"{silo.Name} answered version {answered} after {version}");
                    Assert.InRange(sales, _seen[client], _fleet.Sales.Sold);
                    Assert.Equal(_sales.GetOrAdd((key, answered), sales), sales);
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
            await Task.Delay(TimeSpan.FromMilliseconds(15), TimeProvider.System);
        }
    }
}
