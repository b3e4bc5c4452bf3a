using Microsoft.Extensions.Configuration;

namespace TransactionPipeline.Core.Ingestion;

/// <summary>The section <c>ingestion</c> of pipeline_config.yaml.</summary>
public sealed class IngestionOptions
{
    /// <summary>Rows handed to a store at a time.</summary>
    /// <value>10,000; 1 to 1,000,000.</value>
    [ConfigurationKeyName("batch_size")]
    public int BatchSize { get; set; } = 10_000;

    /// <summary>Skips the business rules of <see cref="Validation"/>; the type rules always hold.</summary>
    /// <value>false unless configured; the shipped configuration says true.</value>
    [ConfigurationKeyName("trust_input")]
    public bool TrustInput { get; set; }

    /// <summary>The largest upload, in bytes.</summary>
    /// <value>1 GiB.</value>
    [ConfigurationKeyName("max_upload_bytes")]
    public long MaxUploadBytes { get; set; } = 1L << 30;

    /// <summary>How long a file's receiver may be silent before a run takes it for dead and removes what it left, in seconds.</summary>
    /// <value>15.</value>
    [ConfigurationKeyName("lease_seconds")]
    public double LeaseSeconds { get; set; } = 15;

    /// <summary>The business rules.</summary>
    public ValidationOptions Validation { get; set; } = new();

    /// <summary>
    /// A file loaded at start while the mart is empty, relative to the content root; blank for none. Only read in Development.
    /// </summary>
    /// <value><c>data/transactions.csv</c>.</value>
    [ConfigurationKeyName("sample")]
    public string Sample { get; set; } = "data/transactions.csv";

    /// <summary>What is wrong with the section, naming the key to mend; null when nothing is.</summary>
    public string? Problem =>
        BatchSize is < 1 or > 1_000_000 ? $"ingestion:batch_size must be 1 to 1,000,000, not {BatchSize}."
        : MaxUploadBytes < 1 ? $"ingestion:max_upload_bytes must be 1 or more, not {MaxUploadBytes}."
        : LeaseSeconds is not (>= 0.1 and <= 3600) ? $"ingestion:lease_seconds must be 0.1 to 3,600, not {LeaseSeconds}."
        : Validation.Problem;
}

/// <summary>The section <c>ingestion.validation</c>: business rules, and the limits of the marts' filter.</summary>
public sealed class ValidationOptions
{
    /// <summary>The lowest price a line may have.</summary>
    /// <value>10.</value>
    [ConfigurationKeyName("min_price")]
    public decimal MinPrice { get; set; } = 10m;

    /// <summary>The most pieces a line may have; the marts' filter uses it too.</summary>
    /// <value>100.</value>
    [ConfigurationKeyName("max_quantity")]
    public int MaxQuantity { get; set; } = 100;

    /// <summary>The most decimals a price may have.</summary>
    /// <value>2; at most 4.</value>
    [ConfigurationKeyName("max_decimals")]
    public int MaxDecimals { get; set; } = 2;

    /// <summary>What a product must start with (ordinal, in composed form); the marts' filter uses it too.</summary>
    /// <value><c>Halal</c>.</value>
    [ConfigurationKeyName("product_prefix")]
    public string ProductPrefix { get; set => field = value.Normalize(); } = "Halal";

    /// <summary>The columns that must not be blank.</summary>
    /// <value>All five.</value>
    [ConfigurationKeyName("required_fields")]
    public IReadOnlyList<string> RequiredFields { get; set; } = [];

    internal string? Problem =>
        MaxDecimals is < 0 or > 4 ? $"ingestion:validation:max_decimals must be 0 to 4, not {MaxDecimals}."
        : RequiredFields.Except(TransactionColumns.All, StringComparer.Ordinal).FirstOrDefault() is { } unknown
            ? $"ingestion:validation:required_fields names '{unknown}'; the columns are {string.Join(", ", TransactionColumns.All)}."
        : null;
}
