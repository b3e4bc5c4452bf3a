using System.Text.Json.Serialization;

namespace TransactionPipeline.Core.Marts.BigQuery;

// The part of BigQuery v2's resources that is used. Numbers of 64 bits are strings on the wire.
internal sealed record DatasetReference(string DatasetId, string? ProjectId = null);

internal sealed record DatasetResource(DatasetReference DatasetReference, string Location);

internal sealed record TableReference(string ProjectId, string DatasetId, string TableId);

internal sealed record TableField(string Name, string Type, string? Mode = null);

internal sealed record TableSchema(IReadOnlyList<TableField> Fields);

internal sealed record TimePartitioning(string Type, string Field);

internal sealed record Clustering(IReadOnlyList<string> Fields);

internal sealed record StreamingBuffer(long? EstimatedRows);

internal sealed record TableResource
{
    public TableReference? TableReference { get; init; }

    public string? Type { get; init; }

    public TableSchema? Schema { get; init; }

    public TimePartitioning? TimePartitioning { get; init; }

    public Clustering? Clustering { get; init; }

    public string? Etag { get; init; }

    public long? NumRows { get; init; }

    public long? LastModifiedTime { get; init; }

    public long? ExpirationTime { get; init; }

    public StreamingBuffer? StreamingBuffer { get; init; }
}

internal sealed record Cell(string? V);

internal sealed record TableRow(IReadOnlyList<Cell> F);

internal sealed record TableRows(IReadOnlyList<TableRow>? Rows, string? PageToken);

internal sealed record ParameterType(string Type, ParameterType? ArrayType = null);

internal sealed record ParameterValue(string? Value = null, IReadOnlyList<ParameterValue>? ArrayValues = null);

internal sealed record QueryParameter(string Name, ParameterType ParameterType, ParameterValue ParameterValue);

internal sealed record QueryRequest
{
    public required string Query { get; init; }

    public bool UseLegacySql { get; init; }

    public string ParameterMode { get; init; } = "NAMED";

    public IReadOnlyList<QueryParameter> QueryParameters { get; init; } = [];

    public long? MaximumBytesBilled { get; init; }

    public int? TimeoutMs { get; init; }

    public string? RequestId { get; init; }

    public string? Location { get; init; }

    public IReadOnlyDictionary<string, string>? Labels { get; init; }
}

internal sealed record JobReference(string? ProjectId, string JobId, string? Location);

internal sealed record QueryAnswer
{
    public bool JobComplete { get; init; }

    public JobReference? JobReference { get; init; }

    public TableSchema? Schema { get; init; }

    public IReadOnlyList<TableRow>? Rows { get; init; }

    public string? PageToken { get; init; }

    public long? TotalRows { get; init; }

    public long? TotalBytesProcessed { get; init; }

    public long? TotalBytesBilled { get; init; }

    public bool? CacheHit { get; init; }
}

internal sealed record LoadConfiguration
{
    public required IReadOnlyList<string> SourceUris { get; init; }

    public required TableReference DestinationTable { get; init; }

    public TableSchema? Schema { get; init; }

    public string SourceFormat { get; init; } = "NEWLINE_DELIMITED_JSON";

    public string WriteDisposition { get; init; } = "WRITE_TRUNCATE";

    public string CreateDisposition { get; init; } = "CREATE_IF_NEEDED";
}

internal sealed record JobConfiguration
{
    public QueryRequest? Query { get; init; }

    public LoadConfiguration? Load { get; init; }

    public IReadOnlyDictionary<string, string>? Labels { get; init; }
}

internal sealed record JobStatus(string? State, Google.GoogleErrorItem? ErrorResult);

internal sealed record QueryStatistics(long? TotalBytesProcessed, long? TotalBytesBilled, bool? CacheHit);

internal sealed record JobStatistics(QueryStatistics? Query);

internal sealed record NewJob(JobReference JobReference, JobConfiguration Configuration);

internal sealed record JobResource
{
    public JobReference? JobReference { get; init; }

    public JobStatus? Status { get; init; }

    public JobStatistics? Statistics { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowReadingFromString | JsonNumberHandling.WriteAsString)]
[JsonSerializable(typeof(DatasetResource))]
[JsonSerializable(typeof(TableResource))]
[JsonSerializable(typeof(TableRows))]
[JsonSerializable(typeof(QueryRequest))]
[JsonSerializable(typeof(QueryAnswer))]
[JsonSerializable(typeof(NewJob))]
[JsonSerializable(typeof(JobResource))]
internal sealed partial class BigQueryJson : JsonSerializerContext;
