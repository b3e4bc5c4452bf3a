using Quartz;
using TransactionPipeline.Core.Pipeline;
using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Web.Pipeline;

/// <summary>Runs the pipeline by itself at the times of <c>orchestration:schedule</c>, when that is enabled.</summary>
internal static class ScheduleFeature
{
    public static void AddSchedule(this IHostApplicationBuilder builder)
    {
        // Read now, not through IOptions: whether there is a scheduler at all depends on it.
        var options = builder.Configuration.Read<OrchestrationOptions>("orchestration");
        if (!options.ScheduleEnabled) return;
        var schedule = Parse(options.Schedule);
        builder.Services.AddQuartz(quartz => quartz.ScheduleJob<ScheduledRun>(trigger => trigger
            .WithIdentity(options.Dag)
            .WithCronSchedule(schedule, cron => cron
                .InTimeZone(TimeZoneInfo.Utc).WithMisfireInstruction(CronTriggerMisfireInstruction.DoNothing))));
        builder.Services.AddQuartzHostedService(hosted => hosted.WaitForJobsToComplete = true);
    }

    /// <exception cref="StartRefusedException">It is not a cron expression of five fields.</exception>
    internal static CronExpression Parse(string schedule)
    {
        try
        {
            return CronExpression.Parse(schedule, CronFormat.Unix);
        }
        catch (FormatException wrong)
        {
            throw new StartRefusedException(
                $"orchestration:schedule is '{schedule}', not a cron expression of five fields (minute, hour, day of month, month, day of week; "
                + $"UTC), such as '0 0 * * *' for every midnight: {wrong.Message}");
        }
    }
}

/// <summary>
/// A fire time has one run in all the replicas: the lease lets one begin, and the run history refuses the time to those that come after
/// that one is done. No catch-up: a time that passed while nothing ran is gone.
/// </summary>
[DisallowConcurrentExecution]
internal sealed class ScheduledRun(PipelineRunner pipeline) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default) =>
        await pipeline.TryStartAsync("schedule", context.ScheduledFireTimeUtc ?? context.FireTimeUtc, cancellationToken);
}
