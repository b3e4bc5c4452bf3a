using Microsoft.Extensions.Configuration;

namespace TransactionPipeline.Core.Pipeline;

/// <summary>The section <c>orchestration</c> of pipeline_config.yaml.</summary>
public sealed class OrchestrationOptions
{
    /// <summary>The pipeline's name in the run history.</summary>
    /// <value><c>transform_sales_mart</c>.</value>
    [ConfigurationKeyName("airflow_dag")]
    public string Dag { get; set; } = "transform_sales_mart";

    /// <summary>When it runs by itself: a five-field cron expression, UTC.</summary>
    /// <value><c>0 0 * * *</c>, midnight.</value>
    public string Schedule { get; set; } = "0 0 * * *";

    /// <summary>Whether it runs by itself. With several replicas only one runs it.</summary>
    /// <value>false.</value>
    [ConfigurationKeyName("schedule_enabled")]
    public bool ScheduleEnabled { get; set; }

    /// <summary>Attempts after the first one that failed.</summary>
    /// <value>3.</value>
    public int Retries { get; set; } = 3;

    /// <summary>Time between attempts, in seconds.</summary>
    /// <value>300.</value>
    [ConfigurationKeyName("retry_delay_seconds")]
    public double RetryDelaySeconds { get; set; } = 300;

    /// <summary>Where summary_sales.json and summary_sales.csv are written; relative to the state directory.</summary>
    /// <value><c>export</c>.</value>
    [ConfigurationKeyName("export_directory")]
    public string ExportDirectory { get; set; } = "export";

    /// <summary>How long a run may be silent before another process takes it for dead, in seconds. It is renewed three times in that time.</summary>
    /// <value>15.</value>
    [ConfigurationKeyName("lease_seconds")]
    public double LeaseSeconds { get; set; } = 15;

    /// <summary>What is wrong with the section, naming the key to mend; null when nothing is. The schedule is read by who runs it.</summary>
    public string? Problem =>
        Retries < 0 ? $"orchestration:retries must be 0 or more, not {Retries}."
        : RetryDelaySeconds is not (>= 0 and <= 1e6) ? $"orchestration:retry_delay_seconds must be 0 to 1,000,000, not {RetryDelaySeconds}."
        : LeaseSeconds is not (>= 0.1 and <= 3600) ? $"orchestration:lease_seconds must be 0.1 to 3,600, not {LeaseSeconds}."
        : null;
}
