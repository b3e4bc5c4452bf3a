using Microsoft.Extensions.Configuration;

namespace TransactionPipeline.Core.Archive;

/// <summary>The section <c>data_lake</c>: where accepted uploads are archived.</summary>
public sealed class DataLakeOptions
{
    /// <summary>The Cloud Storage bucket.</summary>
    /// <value>Blank; the shipped configuration names one.</value>
    [ConfigurationKeyName("gcs_bucket")]
    public string Bucket { get; set; } = "";

    /// <summary>The beginning of the objects' names.</summary>
    /// <value><c>raw/transactions</c>.</value>
    public string Path { get; set; } = "raw/transactions";

    /// <summary>How much is sent at a time, in bytes; held in memory for each upload that is under way.</summary>
    /// <value>4 MiB; a multiple of 256 KiB.</value>
    [ConfigurationKeyName("chunk_bytes")]
    public int ChunkBytes { get; set; } = 4 << 20;
}
