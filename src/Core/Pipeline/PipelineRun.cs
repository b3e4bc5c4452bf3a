using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Pipeline;

/// <summary>One run of transform_sales_mart in the run history.</summary>
public sealed record PipelineRun
{
    /// <summary>Letters and digits; later runs sort after earlier ones.</summary>
    public required string Id { get; init; }

    /// <summary>The pipeline's name, <see cref="OrchestrationOptions.Dag"/>.</summary>
    public required string Dag { get; init; }

    /// <summary>What started it: <c>upload</c>, <c>api</c>, <c>schedule</c>, <c>cli</c>, <c>sample</c>.</summary>
    public required string Trigger { get; init; }

    /// <summary>For a scheduled run: the time it was due, which no other run of the history has. Else null.</summary>
    public DateTimeOffset? FireTime { get; init; }

    /// <summary>How it stands.</summary>
    public RunStatus Status { get; init; } = RunStatus.Running;

    /// <summary>The process it runs in.</summary>
    public required string Owner { get; init; }

    /// <summary>The current or last attempt, from 1.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>The current or last step: <c>load</c>, <c>transform</c>, <c>export</c>.</summary>
    public string Step { get; init; } = "load";

    /// <summary>When the first attempt began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it succeeded or failed for good; null before.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>When the next attempt begins; null unless it is waiting for one.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>What went wrong in the last attempt, in words for people; null when nothing did.</summary>
    public string? Error { get; init; }

    /// <summary>Batches loaded, over all attempts.</summary>
    public int Batches { get; init; }

    /// <summary>What loading them changed.</summary>
    public LoadCounts Loaded { get; init; }

    /// <summary>Months whose rows were made anew.</summary>
    public int Months { get; init; }

    /// <summary>What an operator must know though it stopped nothing: the batches that were set aside, and why; null for nothing.</summary>
    public string? Note { get; init; }
}

/// <summary>How a run stands.</summary>
public enum RunStatus
{
    /// <summary>An attempt is at work.</summary>
    Running,

    /// <summary>An attempt failed; the next one begins at <see cref="PipelineRun.NextAttemptAt"/>.</summary>
    Retrying,

    /// <summary>Done.</summary>
    Succeeded,

    /// <summary>Given up: attempts used up, stopped, or its process died. What it left is completed by the next run.</summary>
    Failed,
}
