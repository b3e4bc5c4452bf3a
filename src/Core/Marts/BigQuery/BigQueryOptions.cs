using Microsoft.Extensions.Configuration;

namespace TransactionPipeline.Core.Marts.BigQuery;

/// <summary>The section <c>bigquery</c>: how the warehouse is asked. Where its tables are is in <c>data_warehouse</c> and <c>data_mart</c>.</summary>
public sealed class BigQueryOptions
{
    /// <summary>Where the datasets are made and the jobs run.</summary>
    /// <value><c>US</c>.</value>
    public string Location { get; set; } = "US";

    /// <summary>What one query of the mart may be billed for, in bytes; one that would cost more fails and bills nothing.</summary>
    /// <value>10 MiB (10,485,760), the least that BigQuery bills for a table; 0 for no cap.</value>
    [ConfigurationKeyName("maximum_bytes_billed")]
    public long MaximumBytesBilled { get; set; } = 10L << 20;

    /// <summary>The same for one load or transform, which read whole tables.</summary>
    /// <value>10 GiB; 0 for no cap.</value>
    [ConfigurationKeyName("pipeline_maximum_bytes_billed")]
    public long PipelineMaximumBytesBilled { get; set; } = 10L << 30;

    /// <summary>What all queries of the mart may be billed for in a day (UTC), in bytes. Loads and transforms are not held back by it.</summary>
    /// <value>10 GiB; 0 for no budget.</value>
    [ConfigurationKeyName("daily_byte_budget")]
    public long DailyByteBudget { get; set; } = 10L << 30;

    /// <summary>The longest that a query of the mart may take, in milliseconds; then it is cancelled.</summary>
    /// <value>20,000; less than the guard's <c>timeout_seconds</c>, so that what is asked next finds the guard free.</value>
    [ConfigurationKeyName("timeout_ms")]
    public int TimeoutMs { get; set; } = 20_000;

    /// <summary>The longest that a load or a transform may take, in milliseconds.</summary>
    /// <value>600,000.</value>
    [ConfigurationKeyName("pipeline_timeout_ms")]
    public int PipelineTimeoutMs { get; set; } = 600_000;

    /// <summary>Labels of every job, for the bill. Lower-case letters, digits, <c>_</c> and <c>-</c>.</summary>
    /// <value>None; <c>purpose</c> is always added.</value>
    public Dictionary<string, string> Labels { get; set; } = new(StringComparer.Ordinal);
}

/// <summary>The section <c>data_warehouse</c>, as far as BigQuery is concerned.</summary>
public sealed class BigQueryWarehouseOptions
{
    /// <summary>The project that holds the datasets and is billed.</summary>
    /// <value>Blank; the shipped configuration names one.</value>
    [ConfigurationKeyName("project_id")]
    public string ProjectId { get; set; } = "";

    /// <summary>The dataset of the raw transactions.</summary>
    /// <value><c>transactions_warehouse</c>.</value>
    public string Dataset { get; set; } = "transactions_warehouse";

    /// <summary>The table of the raw transactions.</summary>
    /// <value><c>raw_transactions</c>.</value>
    public string Table { get; set; } = "raw_transactions";
}

/// <summary>The section <c>data_mart</c>.</summary>
public sealed class BigQueryMartOptions
{
    /// <summary>The dataset of the mart.</summary>
    /// <value><c>transactions_mart</c>.</value>
    public string Dataset { get; set; } = "transactions_mart";

    /// <summary>The table of the monthly summaries.</summary>
    /// <value><c>summary_sales</c>.</value>
    public string Table { get; set; } = "summary_sales";
}
