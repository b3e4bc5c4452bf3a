using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using TransactionPipeline.KubernetesStandIn.Faults;

namespace TransactionPipeline.Helm.Tests.StandIn;

/// <summary>The switches do what they say, seen from the wire.</summary>
public sealed class SwitchTests : StandInTests, IDisposable
{
    private const string Tables = "/apis/transaction-pipeline.io/v1/namespaces/data-pipeline/silomemberships";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly HttpClient _http = new();

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task StaleRead_AfterAChange_GivesTheStateBeforeIt()
    {
        await CreateAsync(1);
        await PatchAsync(2);
        Server.Faults.Add(new FaultRule(FaultKind.StaleRead) { Verb = "get" });

        Assert.Equal(1, await ReadAsync());
        Assert.Equal(2, await ReadAsync());
    }

    [Fact]
    public async Task StaleRead_List_GivesTheStateBeforeTheNewestChange()
    {
        await CreateAsync(1);
        await PatchAsync(2);
        Server.Faults.Add(new FaultRule(FaultKind.StaleRead) { Verb = "list" });

        var list = await _http.GetFromJsonAsync<JsonObject>(At(Tables));

        Assert.Equal(1, list!["items"]![0]!["spec"]!["version"]!.GetValue<int>());
    }

    [Fact]
    public async Task Slow_UntilCleared_HoldsTheAnswer()
    {
        await CreateAsync(1);
        Server.Faults.Add(new FaultRule(FaultKind.Slow) { Verb = "list", Delay = TimeSpan.FromHours(1) });

        var listing = _http.GetFromJsonAsync<JsonObject>(At(Tables));
        Assert.Equal(1, await ReadAsync());
        Assert.False(listing.IsCompleted, "the slow answer came at once");
        Server.Faults.Clear();

        Assert.NotNull(await listing.WaitAsync(Patience, TimeProvider.System));
    }

    [Fact]
    public void Take_ClearedBeforeTheAnswerIsHeld_IsReleased()
    {
        var faults = new FaultSwitches();
        faults.Add(new FaultRule(FaultKind.Slow));

        Assert.NotNull(faults.Take("list", "silomemberships", _ => true, out var cleared));
        faults.Clear();

        Assert.True(cleared.IsCompleted, "a clearing between taking a fault and holding the answer went unheard");
    }

    [Fact]
    public async Task CutOff_Write_IsCarriedOutAndItsAnswerLost()
    {
        await CreateAsync(1);
        Server.Faults.Add(new FaultRule(FaultKind.CutOff) { Verb = "patch" });

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => PatchAsync(2));

        Assert.Equal(2, await ReadAsync());
    }

    [Fact]
    public async Task CutWatch_OnAnEvent_EndsInItsMiddle()
    {
        await CreateAsync(1);
        Server.Faults.Add(new FaultRule(FaultKind.CutWatch));
        using var response = await _http.GetAsync(At(Tables + "?watch=true"), HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Contains("ADDED", await reader.ReadLineAsync().WaitAsync(Patience, TimeProvider.System), StringComparison.Ordinal);

        await PatchAsync(2);

        await Assert.ThrowsAnyAsync<IOException>(() => reader.ReadToEndAsync().WaitAsync(Patience, TimeProvider.System));
    }

    [Fact]
    public async Task Watch_RevisionCompacted_SaysGone()
    {
        await CreateAsync(1);
        var list = await _http.GetFromJsonAsync<JsonObject>(At(Tables));
        await PatchAsync(2);
        Server.Compact();

        var events = await _http.GetStringAsync(At($"{Tables}?watch=true&timeoutSeconds=5&resourceVersion={list!["metadata"]!["resourceVersion"]}")).WaitAsync(Patience, TimeProvider.System);

        var told = JsonNode.Parse(events)!;
        Assert.Equal("ERROR", told["type"]!.GetValue<string>());
        Assert.Equal(410, told["object"]!["code"]!.GetValue<int>());
    }

    [Fact]
    public async Task List_ContinueAfterCompaction_Answers410()
    {
        await CreateAsync(1);
        await CreateAsync(1, "second");
        var page = await _http.GetFromJsonAsync<JsonObject>(At(Tables + "?limit=1"));
        var next = Uri.EscapeDataString(page!["metadata"]!["continue"]!.GetValue<string>());
        await PatchAsync(2);
        using (var second = await _http.GetAsync(At($"{Tables}?limit=1&continue={next}")))
        {
            var items = (await second.Content.ReadFromJsonAsync<JsonObject>())!["items"]!.AsArray();
            Assert.Equal("second", Assert.Single(items)!["metadata"]!["name"]!.GetValue<string>());
        }

        Server.Compact();
        await PatchAsync(3);
        Server.Compact();
        using var late = await _http.GetAsync(At($"{Tables}?limit=1&continue={next}"));

        Assert.Equal(HttpStatusCode.Gone, late.StatusCode);
    }

    [Fact]
    public async Task Control_OverHttp_SetsFaultsAndRightsAndShowsCalls()
    {
        await CreateAsync(1);
        using (await _http.PostAsJsonAsync(At("/stand-in/faults"), new { kind = "ServerError", verb = "get", times = 1 }))
        using (var failed = await _http.GetAsync(At(Tables + "/demo")))
        {
            Assert.Equal(HttpStatusCode.InternalServerError, failed.StatusCode);
        }

        var rules = new[] { new { apiGroups = new[] { "transaction-pipeline.io" }, resources = new[] { "silomemberships" }, verbs = new[] { "get" }, resourceNames = new[] { "demo" } } };
        using (await _http.PutAsJsonAsync(At("/stand-in/rules"), rules))
        using (var listed = await _http.GetAsync(At(Tables)))
        {
            Assert.Equal(HttpStatusCode.Forbidden, listed.StatusCode);
            Assert.Equal(1, await ReadAsync());
        }

        var calls = await _http.GetFromJsonAsync<JsonArray>(At("/stand-in/calls"));
        Assert.Equal(["create", "get", "list", "get"], calls!.Select(call => call!["verb"]!.GetValue<string>()), StringComparer.Ordinal);
    }

    private Uri At(string path) => new(Server.Address, path);

    private async Task CreateAsync(int version, string name = "demo")
    {
        var table = new { apiVersion = "transaction-pipeline.io/v1", kind = "SiloMembership", metadata = new { name }, spec = new { version, silos = Array.Empty<object>() } };
        using var response = await _http.PostAsJsonAsync(At(Tables), table);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }

    private async Task PatchAsync(int version)
    {
        using var body = new StringContent($"{{\"spec\":{{\"version\":{version}}}}}", Encoding.UTF8, "application/merge-patch+json");
        using var response = await _http.PatchAsync(At(Tables + "/demo"), body);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private async Task<int> ReadAsync() => (await _http.GetFromJsonAsync<JsonObject>(At(Tables + "/demo")))!["spec"]!["version"]!.GetValue<int>();
}
