using TransactionPipeline.Core.Pipeline;

namespace TransactionPipeline.Web.Pipeline;

/// <summary>A run as the API tells it; times are UTC.</summary>
internal sealed record RunAnswer(
    string Id, string Dag, string Trigger, string Status, int Attempt, string Step, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt,
    DateTimeOffset? NextAttemptAt, string? Error, int Batches, long Inserted, long Replaced, long Unchanged, long Duplicates, int MonthsChanged,
    string? Note)
{
    public static RunAnswer Of(PipelineRun run) => new(
        run.Id, run.Dag, run.Trigger, run.Status.ToString().ToLowerInvariant(), run.Attempt, run.Step, run.StartedAt, run.FinishedAt,
        run.NextAttemptAt, run.Error, run.Batches, run.Loaded.Inserted, run.Loaded.Replaced, run.Loaded.Unchanged, run.Loaded.Duplicates,
        run.Months, run.Note);
}
