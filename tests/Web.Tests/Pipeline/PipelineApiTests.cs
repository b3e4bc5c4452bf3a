using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Web.Tests.Pipeline;

public sealed class PipelineApiTests : IAsyncLifetime
{
    private readonly WebAppFixture _app = new();

    public Task InitializeAsync() => _app.InitializeAsync();

    public Task DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task Start_EmptyMartsInDevelopment_LoadsTheSampleBeforeTheFirstRequest()
    {
        using var client = await _app.ClientAsync(Roles.Operator);
        var run = Assert.Single((await client.GetFromJsonAsync<JsonElement>("/pipeline/runs")).EnumerateArray());
        Assert.Equal("sample", run.GetProperty("trigger").GetString());
        Assert.Equal(5, run.GetProperty("inserted").GetInt32());
        var mart = _app.Provider.GetRequiredService<IReadOnlyDictionary<Mart, IMartSource>>()[Mart.Warehouse];
        Assert.Equal(Month.Parse("2023-10"), await mart.FindNewestMonthAsync(CancellationToken.None));
    }

    [Fact]
    public async Task PostRun_Answers202WithWhereToFollowIt()
    {
        using var client = await _app.ClientAsync(Roles.Operator);
        var answer = await client.PostAsync("/pipeline/runs", null);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var id = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString();
        Assert.Equal($"/pipeline/runs/{id}", answer.Headers.Location!.OriginalString);
        Assert.Equal("api", (await client.GetFromJsonAsync<JsonElement>(answer.Headers.Location)).GetProperty("trigger").GetString());
    }

    [Fact]
    public async Task PostRun_OneAtWork_Answers409()
    {
        using var client = await _app.ClientAsync(Roles.Operator);
        await _app.Provider.GetRequiredService<ILeaseStore>().TryAcquireAsync("pipeline", "other", TimeSpan.FromHours(1), CancellationToken.None);
        await ProblemAssert.IsAsync(await client.PostAsync("/pipeline/runs", null), HttpStatusCode.Conflict, "at work");
    }

    [Fact]
    public async Task GetRuns_Pages_NewestFirst()
    {
        using var client = await _app.ClientAsync(Roles.Operator);
        var newest = await client.PostAsync("/pipeline/runs", null);
        Assert.Equal(HttpStatusCode.Accepted, newest.StatusCode);

        var page = await client.GetAsync("/pipeline/runs?limit=1");
        Assert.Equal("api", (await page.Content.ReadFromJsonAsync<JsonElement>())[0].GetProperty("trigger").GetString());
        var next = page.Headers.GetValues("Link").Single().Split('<', '>')[1];
        var last = await client.GetAsync(next);
        Assert.Equal("sample", (await last.Content.ReadFromJsonAsync<JsonElement>())[0].GetProperty("trigger").GetString());
        Assert.False(last.Headers.Contains("Link"));
    }

    [Fact]
    public async Task GetRuns_BadLimitOrUnknownRun_SaysSo()
    {
        using var client = await _app.ClientAsync(Roles.Operator);
        await ProblemAssert.IsAsync(await client.GetAsync("/pipeline/runs?limit=0"), HttpStatusCode.UnprocessableEntity, "1 to 100");
        await ProblemAssert.IsAsync(await client.GetAsync("/pipeline/runs/x"), HttpStatusCode.NotFound, "no run");
    }

    [Fact]
    public async Task Runs_WrongRole_IsRefused()
    {
        using var client = await _app.ClientAsync(Roles.Viewer, Roles.Ingestor);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync("/pipeline/runs")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.PostAsync("/pipeline/runs", null)).StatusCode);
    }
}
