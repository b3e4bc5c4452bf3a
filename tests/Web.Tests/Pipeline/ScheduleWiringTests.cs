using Microsoft.Extensions.DependencyInjection;
using Quartz;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Pipeline;

namespace TransactionPipeline.Web.Tests.Pipeline;

public sealed class ScheduleWiringTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Enabled_ItsTimeComes_TheAppRunsThePipeline()
    {
        await using var app = new WebAppFixture
        {
            Settings =
            {
                ["orchestration:schedule_enabled"] = "true", ["orchestration:schedule"] = "30 4 * * *", ["ingestion:sample"] = "",
            },
        };
        using var client = app.Anonymous();
        var scheduler = await app.Provider.GetRequiredService<ISchedulerFactory>().GetScheduler();
        var trigger = await scheduler.GetTrigger(new TriggerKey("transform_sales_mart"));
        var next = Assert.NotNull(trigger?.NextFireTimeUtc);
        Assert.Equal((4, 30, TimeSpan.Zero), (next.Hour, next.Minute, next.Offset));
        using var file = new MemoryStream("transaction_id,product,price,quantity,date\nT1,Halal Tea,12.5,4,2023-11-05\n"u8.ToArray());
        await app.Provider.GetRequiredService<TransactionReceiver>().ReceiveAsync(file, "test.csv", progress: null, CancellationToken.None);
        var loaded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        app.Provider.GetRequiredService<PipelineRunner>().MartsChanged += (_, _) => loaded.TrySetResult();

        await scheduler.TriggerJob(trigger!.JobKey);

        await loaded.Task.WaitAsync(Patience);
        var runs = await app.Provider.GetRequiredService<IRunStore>().ListAsync(before: null, 10, CancellationToken.None);
        Assert.Equal("schedule", Assert.Single(runs).Trigger);
    }

    [Fact]
    public async Task Disabled_NothingIsScheduled()
    {
        await using var app = new WebAppFixture();
        using var client = app.Anonymous();

        Assert.Null(app.Provider.GetService<ISchedulerFactory>());
    }
}
