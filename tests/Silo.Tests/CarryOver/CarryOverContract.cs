using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using TransactionPipeline.Core.Cache;

namespace TransactionPipeline.Silo.Tests.CarryOver;

/// <summary>What version 1.0 stored is read by this program as it is: users, marts, snapshots and runs.</summary>
public abstract class CarryOverContract
{
    private const string Password = "correct horse battery";
    private const string October = "/sales/trends?product_prefix=Halal&sale_month=2023-10";

    /// <summary>The ids of the runs, newest first.</summary>
    protected abstract string[] Runs { get; }

    /// <summary>Settings that lead to a fresh copy of what was stored.</summary>
    protected abstract Task<Dictionary<string, string>> StoredAsync();

    /// <summary>Takes away what the marts are asked for.</summary>
    protected abstract Task BreakMartsAsync();

    [Fact]
    public async Task Users_SignInWithTheirPasswordsAndRoles()
    {
        await using var silo = await StartAsync();

        foreach (var (name, route, status) in new[]
        {
            ("viola", October, HttpStatusCode.OK),
            ("viola", "/pipeline/runs", HttpStatusCode.Forbidden),
            ("olga", "/pipeline/runs", HttpStatusCode.OK),
            ("ingo", October, HttpStatusCode.Forbidden),
        })
        {
            using var client = new HttpClient { BaseAddress = silo.Client.BaseAddress };
            using var signedIn = await client.PostAsync("/token", TestForms.Credentials(name, Password));
            Assert.Equal(HttpStatusCode.OK, signedIn.StatusCode);
            var token = (await signedIn.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("access_token").GetString();
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
            using var answer = await client.GetAsync(route);
            Assert.True(status == answer.StatusCode, $"{name} got {answer.StatusCode} for {route}");
        }

        using var refused = await silo.Client.PostAsync("/token", TestForms.Credentials("dora", Password));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Theory]
    [InlineData(October, "Halal Keyboard 249.95, Halal Laptop 1999.98, Halal Mouse 249.9")]
    [InlineData("/sales/trends?sale_month=2023-11&product_prefix=Halal%20T", "Halal Tea 75")]
    [InlineData("/sales/pg-trends?sale_month=2023-11", "Halal Laptop 999.99, Halal Tea 25, Halal Tea 50")]
    public async Task Snapshots_Unchanged_AreServedWithoutAQuery(string question, string expected)
    {
        await using var silo = await StartAsync();

        using var answer = await silo.Client.GetAsync(question);

        Assert.Equal(expected, await RowsAsync(answer));
        // Checked with the mart and not read anew.
        Assert.Contains("fwd-status=304", answer.Headers.GetValues("Cache-Status").Single(), StringComparison.Ordinal);
        Assert.DoesNotContain("fwd=miss", answer.Headers.GetValues("Cache-Status").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Snapshots_MartFails_AreServedAsLastGoodAnswers()
    {
        var stored = await StoredAsync();
        await BreakMartsAsync();
        await using var silo = await StartAsync(stored);

        using var answer = await silo.Client.GetAsync(October);

        Assert.Equal("Halal Keyboard 249.95, Halal Laptop 1999.98, Halal Mouse 249.9", await RowsAsync(answer));
        Assert.Contains("stale-if-error", answer.Headers.GetValues("Cache-Status").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Versions_AfterAChange_BeginAboveTheStoredOnes()
    {
        await using var silo = await StartAsync();
        using var before = await silo.Client.GetAsync(October);
        Assert.Equal(HttpStatusCode.NotModified, (await AskAsync(silo, before.Headers.ETag!)).Status);

        using var file = new StringContent(
            "transaction_id,product,price,quantity,date\nT001,Halal Laptop,1000.00,2,2023-10-01\n", Encoding.UTF8, "text/csv");
        using var uploaded = await silo.Client.PostAsync("/upload/transactions", file);
        Assert.Equal(HttpStatusCode.OK, uploaded.StatusCode);

        var (status, after) = await AskAsync(silo, before.Headers.ETag!, noCache: true);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.True(Version(after!) > Version(before.Headers.ETag!), $"{after} after {before.Headers.ETag}");
        // The transaction is the old one, corrected.
        using var corrected = await silo.Client.GetAsync(October);
        Assert.Equal("Halal Keyboard 249.95, Halal Laptop 2000, Halal Mouse 249.9", await RowsAsync(corrected));
    }

    [Fact]
    public async Task Runs_AreToldWithTheirFigures()
    {
        await using var silo = await StartAsync();

        var runs = await silo.Client.GetFromJsonAsync<JsonElement>("/pipeline/runs");
        Assert.Equal(Runs, runs.EnumerateArray().Select(run => run.GetProperty("id").GetString()));
        Assert.All(runs.EnumerateArray(), run => Assert.Equal(("succeeded", 3), (run.GetProperty("status").GetString(), run.GetProperty("inserted").GetInt32())));
    }

    private static async Task<(HttpStatusCode Status, EntityTagHeaderValue? Tag)> AskAsync(ProgramProcess silo, EntityTagHeaderValue known, bool noCache = false)
    {
        using var question = new HttpRequestMessage(HttpMethod.Get, October);
        question.Headers.IfNoneMatch.Add(known);
        if (noCache) question.Headers.CacheControl = new() { NoCache = true };
        using var answer = await silo.Client.SendAsync(question);
        return (answer.StatusCode, answer.Headers.ETag);
    }

    private static SnapshotVersion Version(EntityTagHeaderValue tag) =>
        SnapshotVersion.TryParse(tag.Tag.Trim('"'), out var version) ? version : throw new FormatException($"{tag} names no version.");

    private static async Task<string> RowsAsync(HttpResponseMessage answer)
    {
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var rows = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return string.Join(", ", rows.EnumerateArray()
            .Select(row => $"{row.GetProperty("product").GetString()} {row.GetProperty("total_amount").GetDecimal():0.##}").Order(StringComparer.Ordinal));
    }

    private async Task<ProgramProcess> StartAsync(Dictionary<string, string>? stored = null) => await ProgramProcess.ServeAsync(
        new Dictionary<string, string>(stored ?? await StoredAsync(), StringComparer.Ordinal)
        {
            // What was stored is old, and neither swept away nor too old to be a last good answer.
            ["retention__snapshot_days"] = "3650",
            ["retention__history_days"] = "3650",
            ["cache__max_stale_on_error_seconds"] = "315360000",
            ["cache__warm_up"] = "false",
            // Whoever asks waits for the check, as on any later day.
            ["cache__stale_for_seconds"] = "0",
            ["ingestion__sample"] = "",
        });
}
