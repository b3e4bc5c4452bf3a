using Microsoft.Extensions.Time.Testing;
using TransactionPipeline.Core.Configuration;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Marts.BigQuery;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Store.Sqlite;
using TransactionPipeline.GoogleStandIn;
using static TransactionPipeline.Google.Tests.GoogleFixture;

namespace TransactionPipeline.Google.Tests;

public sealed class ByteBudgetTests
{
    private const long MiB = 1 << 20;

    [Fact]
    public async Task Read_BudgetSpentBeforeARestart_IsNotAskedUntilTheNextDay()
    {
        using var state = new TempDirectory();
        using var file = SqliteStore.In(new StateOptions(state.Path));
        await using var mart = await StartAsync(fixture =>
        {
            fixture.Options.DailyByteBudget = 25 * MiB;
            fixture.Counts = new SqliteDailyCounts(file);
        });
        await mart.LoadAsync(Sample);
        await mart.TransformAsync();
        for (var i = 0; i < 2; i++) await mart.ReadAsync("2023-10");

        mart.Connect();
        mart.StandIn.Calls.Clear();
        var spent = await Assert.ThrowsAsync<MartException>(() => mart.ReadAsync("2023-10"));

        Assert.Equal(MartFailure.Unavailable, spent.Failure);
        Assert.Contains("bigquery:daily_byte_budget", spent.Message, StringComparison.Ordinal);
        Assert.Equal(0, mart.StandIn.Calls.Count("bigquery.jobs.query"));
        mart.Time.Advance(TimeSpan.FromHours(12));
        Assert.Equal(3, (await mart.ReadAsync("2023-10")).Length);
    }

    [Fact]
    public async Task Read_GivenUpWhileItRuns_StaysSpentAsItMayBeBilled()
    {
        await using var mart = await BudgetOfTwoAsync();
        for (var i = 0; i < 2; i++)
        {
            mart.StandIn.Faults.Plan(new Fault("bigquery.jobs.query", FaultKind.Slow));
            var arrived = mart.StandIn.Calls.NextAsync("bigquery.jobs.query");
            using var guard = new CancellationTokenSource();
            var reading = mart.Warehouse.ReadAsync(Key("2023-10"), guard.Token);
            await arrived.WaitAsync(TimeSpan.FromSeconds(30));
            await guard.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        }
        await AssertSpentAsync(mart);
    }

    [Fact]
    public async Task Read_JobDoesNotEndInTime_StaysSpentAsItMayBeBilled()
    {
        await using var mart = await BudgetOfTwoAsync();
        mart.StandIn.Faults.PollsBeforeDone = int.MaxValue;
        for (var i = 0; i < 2; i++)
            Assert.Contains("in time", (await Assert.ThrowsAsync<MartException>(() => mart.ReadAsync("2023-10"))).Message, StringComparison.Ordinal);
        mart.StandIn.Faults.Clear();
        await AssertSpentAsync(mart);
    }

    [Fact]
    public async Task Read_AnswerLostEachTime_StaysSpentAsItMayBeBilled()
    {
        await using var mart = await BudgetOfTwoAsync();
        mart.StandIn.Faults.Plan(new Fault("bigquery.jobs.query", FaultKind.CutAnswer), times: 2 * mart.Google.Attempts);
        for (var i = 0; i < 2; i++) await Assert.ThrowsAsync<MartException>(() => mart.ReadAsync("2023-10"));
        await AssertSpentAsync(mart);
    }

    [Theory]
    [InlineData("backendError", 503)]
    [InlineData("invalidQuery", 400)]
    public async Task Read_RefusedByTheService_CostsNothing(string reason, int status)
    {
        await using var mart = await BudgetOfTwoAsync();
        mart.StandIn.Faults.Plan(new Fault("bigquery.jobs.query", FaultKind.Status, status, reason), times: int.MaxValue);
        for (var i = 0; i < 5; i++)
            Assert.NotEqual(MartFailure.Unavailable, (await Assert.ThrowsAsync<MartException>(() => mart.ReadAsync("2023-10"))).Failure);
    }

    [Fact]
    public async Task Read_NobodyListens_CostsNothing()
    {
        await using var mart = await BudgetOfTwoAsync();
        // The token's answer is remembered, so that the query is what fails.
        await mart.TokenAsync();
        await mart.StandIn.DisposeAsync();
        for (var i = 0; i < 5; i++)
            Assert.Equal(MartFailure.Transient, (await Assert.ThrowsAsync<MartException>(() => mart.ReadAsync("2023-10"))).Failure);
    }

    [Fact]
    public async Task Reserve_ByTwoReplicas_IsOneBudget()
    {
        var counts = new LocalCounts();
        var time = new FakeTimeProvider();
        var (one, other) = (new ByteBudget(counts, 25 * MiB, time), new ByteBudget(counts, 25 * MiB, time));

        Assert.NotNull(await one.TryReserveAsync(10 * MiB, CancellationToken.None));
        var reserved = await other.TryReserveAsync(10 * MiB, CancellationToken.None);
        Assert.Null(await one.TryReserveAsync(10 * MiB, CancellationToken.None));

        await other.SettleAsync(reserved!, billed: 0);
        Assert.NotNull(await one.TryReserveAsync(10 * MiB, CancellationToken.None));
    }

    [Fact]
    public async Task Settle_AfterMidnightUtc_GivesBackToTheDayItWasTakenFrom()
    {
        var counts = new LocalCounts();
        var time = new FakeTimeProvider(new DateTimeOffset(2024, 1, 1, 23, 59, 59, TimeSpan.Zero));
        var budget = new ByteBudget(counts, 20, time);
        var yesterday = await budget.TryReserveAsync(20, CancellationToken.None);

        time.Advance(TimeSpan.FromSeconds(1));
        Assert.NotNull(await budget.TryReserveAsync(20, CancellationToken.None));
        await budget.SettleAsync(yesterday!, billed: 0);

        Assert.Null(await budget.TryReserveAsync(1, CancellationToken.None));
    }

    [Fact]
    public async Task Reserve_NoBudget_CountsNothing()
    {
        var budget = new ByteBudget(new LocalCounts(), 0, new FakeTimeProvider());

        for (var i = 0; i < 3; i++) Assert.NotNull(await budget.TryReserveAsync(long.MaxValue, CancellationToken.None));
    }

    private static async Task<GoogleFixture> BudgetOfTwoAsync()
    {
        var mart = await StartAsync(fixture => fixture.Options.DailyByteBudget = 25 * MiB);
        await mart.LoadAsync(Sample);
        await mart.TransformAsync();
        return mart;
    }

    private static async Task AssertSpentAsync(GoogleFixture mart) =>
        Assert.Equal(MartFailure.Unavailable, (await Assert.ThrowsAsync<MartException>(() => mart.ReadAsync("2023-10"))).Failure);
}
