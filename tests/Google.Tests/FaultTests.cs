using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using TransactionPipeline.Core.Google;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.GoogleStandIn;
using static TransactionPipeline.Google.Tests.GoogleFixture;

namespace TransactionPipeline.Google.Tests;

public sealed class FaultTests
{
    private const string Secret = "stand-in-token-123";

    /// <summary>Reason, status, what the message must say, and whether it may work later.</summary>
    public static TheoryData<string, int, string, bool> Reasons => new()
    {
        { "rateLimitExceeded", 403, "rate limit", true },
        { "rateLimitExceeded", 429, "rate limit", true },
        { "jobRateLimitExceeded", 400, "rate limit", true },
        { "quotaExceeded", 403, "quota", true },
        { "backendError", 503, "passing fault", true },
        { "internalError", 500, "passing fault", true },
        { "unheardOf", 502, "passing fault", true },
        { "invalidQuery", 400, "lacks a column", false },
        { "accessDenied", 403, "BigQuery Data Editor", false },
        { "notFound", 404, "does not exist", false },
        { "bytesBilledLimitExceeded", 400, "maximum_bytes_billed", false },
        { "responseTooLarge", 403, "longer product prefix", false },
        { "authError", 401, "refused the credentials", false },
    };

    [Theory]
    [MemberData(nameof(Reasons))]
    public async Task Read_QueryFails_SaysWhatToDoAndRetriesOnlyWhatPasses(string reason, int status, string says, bool passes)
    {
        await using var mart = await FilledAsync();
        mart.StandIn.Faults.Plan(new Fault("bigquery.jobs.query", FaultKind.Status, status, reason), times: 100);

        var failed = await Assert.ThrowsAsync<MartException>(() => mart.ReadAsync("2023-10"));

        Assert.Equal(passes ? MartFailure.Transient : MartFailure.Failed, failed.Failure);
        Assert.Contains(says, failed.Message, StringComparison.Ordinal);
        Assert.Equal(passes ? 4 : 1, mart.StandIn.Calls.Count("bigquery.jobs.query"));
        AssertHoldsNoSecret(mart, failed);
    }

    [Theory]
    [MemberData(nameof(Reasons))]
    public async Task Read_QueryFailsOnce_RecoversWhenItPasses(string reason, int status, string says, bool passes)
    {
        await using var mart = await FilledAsync();
        mart.StandIn.Faults.Plan(new Fault("bigquery.jobs.query", FaultKind.Status, status, reason));

        if (passes) Assert.Equal(3, (await mart.ReadAsync("2023-10")).Length);
        else Assert.Contains(says, (await Assert.ThrowsAsync<MartException>(() => mart.ReadAsync("2023-10"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_OverTheCap_IsRefusedByTheServiceAndAskedOnce()
    {
        await using var mart = await FilledAsync(fixture => fixture.Options.MaximumBytesBilled = 1 << 20);

        var failed = await Assert.ThrowsAsync<MartException>(() => mart.ReadAsync("2023-10"));

        Assert.Contains("bigquery:maximum_bytes_billed", failed.Message, StringComparison.Ordinal);
        Assert.Equal(1, mart.StandIn.Calls.Count("bigquery.jobs.query"));
        Assert.Empty(mart.Time.Pauses);
    }

    [Fact]
    public async Task Read_RetryAfter_IsObeyed()
    {
        await using var mart = await FilledAsync();
        mart.StandIn.Faults.Plan(new Fault("bigquery.jobs.query", FaultKind.Status, 429, "rateLimitExceeded", RetryAfter: 7));
        await mart.ReadAsync("2023-10");
        Assert.Contains(TimeSpan.FromSeconds(7), mart.Time.Pauses);
    }

    [Fact]
    public async Task Retry_AfterAnHour_WaitsAMinute()
    {
        var time = new FakeTimeProvider();
        var attempts = 0;
        var working = GoogleHttp.Retries(1, time).ExecuteAsync(_ =>
            ++attempts > 1 ? default : throw new GoogleApiException("rateLimitExceeded", 429) { RetryAfter = TimeSpan.FromHours(1) }).AsTask();

        time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(1, attempts);
        time.Advance(TimeSpan.FromSeconds(1));
        await working.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(2, attempts);
    }

    [Fact]
    public async Task Read_AnswerLost_IsNotRunAndBilledTwice()
    {
        await using var mart = await FilledAsync();
        mart.StandIn.Faults.Plan(new Fault("bigquery.jobs.query", FaultKind.CutAnswer));

        Assert.Equal(3, (await mart.ReadAsync("2023-10")).Length);

        var asked = mart.StandIn.Calls.All.Where(call => call.Api == "bigquery.jobs.query").Select(call => JsonNode.Parse(call.Body)!["requestId"]!.ToString()).ToList();
        Assert.Equal(2, asked.Count);
        Assert.Single(asked.Distinct());
    }

    [Fact]
    public async Task Read_PageCutOffOnce_IsCompleteAllTheSame()
    {
        await using var mart = await FilledAsync();
        mart.StandIn.Faults.PageSize = 1;
        mart.StandIn.Faults.Plan(new Fault("bigquery.jobs.getQueryResults", FaultKind.CutAnswer), skip: 1);
        Assert.Equal(3, (await mart.ReadAsync("2023-10")).Length);
    }

    [Fact]
    public async Task Read_PageCutOffEachTime_FailsWithoutAPartOfTheRows()
    {
        await using var mart = await FilledAsync();
        mart.StandIn.Faults.PageSize = 1;
        mart.StandIn.Faults.Plan(new Fault("bigquery.jobs.getQueryResults", FaultKind.CutAnswer), times: 100, skip: 1);

        var failed = await Assert.ThrowsAsync<MartException>(() => mart.ReadAsync("2023-10"));

        Assert.Equal(MartFailure.Transient, failed.Failure);
        Assert.Contains("broke off", failed.Message, StringComparison.Ordinal);
        AssertHoldsNoSecret(mart, failed);
    }

    [Fact]
    public async Task Read_ServiceDoesNotAnswer_TimesOut()
    {
        await using var mart = await FilledAsync();
        mart.StandIn.Faults.Plan(new Fault("bigquery.jobs.query", FaultKind.Slow), times: 4);
        var arrived = mart.StandIn.Calls.NextAsync("bigquery.jobs.query");
        var reading = mart.ReadAsync("2023-10");
        for (var attempt = 1; attempt <= 4; attempt++)
        {
            await arrived.WaitAsync(TimeSpan.FromSeconds(30));
            arrived = mart.StandIn.Calls.NextAsync("bigquery.jobs.query");
            mart.Time.Advance(TimeSpan.FromSeconds(60));
        }

        var failed = await Assert.ThrowsAsync<MartException>(() => reading);
        Assert.Equal(MartFailure.Transient, failed.Failure);
        Assert.Contains("did not answer in time", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_CallerGivesUp_IsCancelledNotFailed()
    {
        await using var mart = await FilledAsync();
        mart.StandIn.Faults.Plan(new Fault("bigquery.jobs.query", FaultKind.Slow));
        using var giveUp = new CancellationTokenSource();
        var arrived = mart.StandIn.Calls.NextAsync("bigquery.jobs.query");
        var reading = mart.Warehouse.ReadAsync(Key("2023-10"), giveUp.Token);
        await arrived.WaitAsync(TimeSpan.FromSeconds(30));
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }

    [Fact]
    public async Task Read_NobodyListens_SaysThatItCannotBeReached()
    {
        var mart = await FilledAsync();
        await using var other = await StartAsync(prepare: false);
        await mart.StandIn.DisposeAsync();

        var failed = await Assert.ThrowsAsync<MartException>(() => mart.ReadAsync("2023-10"));

        Assert.Equal(MartFailure.Transient, failed.Failure);
        Assert.Contains("cannot be reached", failed.Message, StringComparison.Ordinal);
        AssertHoldsNoSecret(mart, failed);
        // What a log makes of it still says what happened.
        Assert.Contains("HttpRequestException ConnectionError", $"{failed}", StringComparison.Ordinal);
        Assert.Contains("SocketException ConnectionRefused", $"{failed}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("backendError", 4)]
    [InlineData("rateLimitExceeded", 4)]
    [InlineData("invalidQuery", 1)]
    [InlineData("accessDenied", 1)]
    public async Task Transform_JobFails_IsRunAgainOnlyWhenItPasses(string reason, int jobs)
    {
        await using var mart = await StartAsync();
        await mart.LoadAsync(Sample);
        mart.StandIn.Calls.Clear();
        // The first job of a transform asks for the months; the script is the second.
        mart.StandIn.Faults.Plan(new Fault("bigquery.jobs", FaultKind.JobError, Reason: reason), times: 100, skip: 1);

        var failed = await Assert.ThrowsAsync<MartException>(() => mart.TransformAsync());

        Assert.Equal(jobs > 1 ? MartFailure.Transient : MartFailure.Failed, failed.Failure);
        Assert.Equal(jobs, mart.StandIn.Calls.Count("bigquery.jobs.insert"));
        mart.StandIn.Faults.Clear();
        Assert.Single(await mart.TransformAsync());
        Assert.Equal(3, (await mart.ReadAsync("2023-10")).Length);
    }

    private static async Task<GoogleFixture> FilledAsync(Action<GoogleFixture>? configure = null)
    {
        var mart = await StartAsync(fixture =>
        {
            configure?.Invoke(fixture);
            fixture.StandIn.Token = Secret;
            fixture.Tokens = new FixedToken();
        });
        await mart.LoadAsync(Sample);
        await mart.TransformAsync();
        mart.StandIn.Calls.Clear();
        mart.Time.Pauses.Clear();
        return mart;
    }

    // The stand-in's planned errors name the host and the Authorization header, as a careless server's would. An exception is judged as a
    // log has it: with all that it was caused by.
    private static void AssertHoldsNoSecret(GoogleFixture mart, MartException failed)
    {
        string[] secrets = [Secret, "127.0.0.1", $":{mart.StandIn.Endpoint.Port}", "SELECT", "Bearer"];
        var shown = string.Join('\n', mart.Logs.Lines.Where(line => line.Level > Microsoft.Extensions.Logging.LogLevel.Debug).Select(line => line.Text));
        foreach (var secret in secrets) Assert.DoesNotContain(secret, $"{failed}{shown}", StringComparison.Ordinal);
        foreach (var secret in secrets[..3]) Assert.DoesNotContain(secret, mart.Logs.All, StringComparison.Ordinal);
    }

    private sealed class FixedToken : IAccessTokens
    {
        public ValueTask<string?> GetAsync(CancellationToken cancellationToken) => new(Secret);
    }
}
