using Microsoft.Extensions.Configuration;

namespace TransactionPipeline.Core.Google;

/// <summary>The section <c>google</c>: what BigQuery and Cloud Storage share.</summary>
public sealed class GoogleOptions
{
    /// <summary>
    /// A credentials file: a service account's key, or the configuration of workload identity federation. Blank: application default
    /// credentials (<c>GOOGLE_APPLICATION_CREDENTIALS</c>, gcloud's own file, the metadata server of GKE's workload identity).
    /// </summary>
    /// <value>Blank.</value>
    [ConfigurationKeyName("credentials_file")]
    public string CredentialsFile { get; set; } = "";

    /// <summary>Where BigQuery's REST API is. Another than Google's own is asked without credentials unless <see cref="CredentialsFile"/> is set.</summary>
    /// <value>Blank: Google's own.</value>
    [ConfigurationKeyName("bigquery_endpoint")]
    public string BigQueryEndpoint { get; set; } = "";

    /// <summary>Where Cloud Storage's JSON API is; as <see cref="BigQueryEndpoint"/>.</summary>
    /// <value>Blank: Google's own.</value>
    [ConfigurationKeyName("storage_endpoint")]
    public string StorageEndpoint { get; set; } = "";

    /// <summary>How often a call is tried when Google says that it may work later.</summary>
    /// <value>4; 1 to 10.</value>
    public int Attempts { get; set; } = 4;

    /// <summary>The longest that one HTTP call may take, in seconds.</summary>
    /// <value>60.</value>
    [ConfigurationKeyName("call_timeout_seconds")]
    public int CallTimeoutSeconds { get; set; } = 60;
}
