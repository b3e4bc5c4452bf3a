using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using TransactionPipeline.GoogleStandIn.Sql;
using TransactionPipeline.GoogleStandIn.Storage;

namespace TransactionPipeline.GoogleStandIn.BigQuery;

/// <summary>A job. Its work is done when it arrives; it may say so later.</summary>
internal sealed class Job
{
    public required string Id { get; init; }

    public required JsonObject Configuration { get; init; }

    public Outcome Outcome { get; set; } = new();

    public SqlRefusedException? Error { get; set; }

    public int PollsLeft { get; set; }

    public long Created { get; init; }

    public bool IsDone => PollsLeft <= 0;
}

/// <summary>The methods of jobs and queries.</summary>
internal sealed class JobApi(Engine engine, ObjectStore objects, Faults faults)
{
    private readonly Dictionary<string, Job> _jobs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _jobOfRequest = new(StringComparer.Ordinal);

    public void MapTo(IEndpointRouteBuilder app)
    {
        app.MapPost("/bigquery/v2/projects/{project}/jobs", InsertAsync).WithMetadata(new ApiName("bigquery.jobs.insert"));
        app.MapPost("/upload/bigquery/v2/projects/{project}/jobs", UploadAsync).WithMetadata(new ApiName("bigquery.jobs.insert"));
        app.MapGet("/bigquery/v2/projects/{project}/jobs/{job}", Get).WithMetadata(new ApiName("bigquery.jobs.get"));
        app.MapPost("/bigquery/v2/projects/{project}/jobs/{job}/cancel", Cancel).WithMetadata(new ApiName("bigquery.jobs.cancel"));
        app.MapPost("/bigquery/v2/projects/{project}/queries", QueryAsync).WithMetadata(new ApiName("bigquery.jobs.query"));
        app.MapGet("/bigquery/v2/projects/{project}/queries/{job}", GetQueryResults).WithMetadata(new ApiName("bigquery.jobs.getQueryResults"));
    }

    private async Task<IResult> InsertAsync(HttpRequest request, string project) => Insert(project, await Wire.ReadAsync(request), null);

    private async Task<IResult> UploadAsync(HttpRequest request, string project)
    {
        if (request.Query("uploadType") != "multipart") return Wire.Error(400, "invalid", "The stand-in takes multipart uploads of data.");
        var (body, content) = await Uploads.ReadMultipartAsync(request);
        return Insert(project, body, content);
    }

    private IResult Insert(string project, JsonObject body, byte[]? content)
    {
        lock (engine.Lock)
        {
            var id = body["jobReference"]?["jobId"]?.GetValue<string>() ?? $"job_{Guid.NewGuid():N}";
            if (_jobs.ContainsKey(id)) return Wire.Error(409, "duplicate", $"Already Exists: Job {project}:US.{id}");
            var configuration = body["configuration"]!.AsObject();
            var job = Add(id, configuration);
            Run(job, () =>
            {
                if (configuration["query"] is JsonObject query) job.Outcome = RunQuery(project, query, configuration["dryRun"]?.GetValue<bool>() == true);
                else if (configuration["load"] is JsonObject load) job.Outcome = RunLoad(project, load, content);
                else throw new SqlRefusedException("The stand-in runs query and load jobs.", "invalid");
            });
            return Wire.Json(Resource(project, job));
        }
    }

    private async Task<IResult> QueryAsync(HttpRequest request, string project)
    {
        var body = await Wire.ReadAsync(request);
        lock (engine.Lock)
        {
            var requestId = body["requestId"]?.GetValue<string>();
            if (requestId is not null && _jobOfRequest.TryGetValue(requestId, out var before)) return Results(request, project, _jobs[before], body);
            var job = Add($"job_{Guid.NewGuid():N}", new JsonObject { ["query"] = body.DeepClone(), ["labels"] = body["labels"]?.DeepClone() });
            if (requestId is not null) _jobOfRequest[requestId] = job.Id;
            Run(job, () => job.Outcome = RunQuery(project, body, body["dryRun"]?.GetValue<bool>() == true));
            return Results(request, project, job, body);
        }
    }

    private IResult GetQueryResults(HttpRequest request, string project, string job)
    {
        lock (engine.Lock)
        {
            if (!_jobs.TryGetValue(job, out var found)) return Wire.Error(404, "notFound", $"Not found: Job {project}:{job}");
            found.PollsLeft--;
            return Results(request, project, found, null);
        }
    }

    private IResult Results(HttpRequest request, string project, Job job, JsonObject? body)
    {
        if (job.Error is { } error && job.IsDone) return Wire.Error(error.Reason, error.Message);
        var answer = new JsonObject
        {
            ["kind"] = body is null ? "bigquery#getQueryResultsResponse" : "bigquery#queryResponse",
            ["jobReference"] = Reference(project, job),
            ["jobComplete"] = job.IsDone,
        };
        if (!job.IsDone) return Wire.Json(answer);
        answer["schema"] = Rows.Schema(job.Outcome.Columns);
        answer["totalBytesProcessed"] = $"{job.Outcome.BytesProcessed}";
        if (body is not null) answer["totalBytesBilled"] = $"{job.Outcome.BytesBilled}";
        answer["cacheHit"] = false;
        if (job.Outcome.ChangedRows is { } changed) answer["numDmlAffectedRows"] = $"{changed}";
        var whole = body?["formatOptions"]?["useInt64Timestamp"]?.GetValue<bool>() == true || request.Query("formatOptions.useInt64Timestamp") == "true";
        var most = body?["maxResults"] is { } given ? int.Parse(given.ToString(), CultureInfo.InvariantCulture) : request.QueryNumber("maxResults");
        Rows.AddPage(answer, job.Outcome, request.Query("pageToken"), most, faults.PageSize, "pageToken", whole);
        return Wire.Json(answer);
    }

    private IResult Get(string project, string job)
    {
        lock (engine.Lock)
        {
            if (!_jobs.TryGetValue(job, out var found)) return Wire.Error(404, "notFound", $"Not found: Job {project}:{job}");
            found.PollsLeft--;
            return Wire.Json(Resource(project, found));
        }
    }

    private IResult Cancel(string project, string job)
    {
        lock (engine.Lock)
        {
            if (!_jobs.TryGetValue(job, out var found)) return Wire.Error(404, "notFound", $"Not found: Job {project}:{job}");
            if (!found.IsDone) found.Error = new SqlRefusedException("Job execution was cancelled: User requested cancellation", "stopped");
            found.PollsLeft = 0;
            return Wire.Json(new JsonObject { ["kind"] = "bigquery#jobCancelResponse", ["job"] = Resource(project, found) });
        }
    }

    private Job Add(string id, JsonObject configuration) => _jobs[id] = new Job
    {
        Id = id,
        Configuration = (JsonObject)configuration.DeepClone(),
        PollsLeft = faults.PollsBeforeDone,
    };

    private void Run(Job job, Action work)
    {
        if (faults.Take("bigquery.jobs", jobs: true, out _) is { } fault)
        {
            job.Error = new SqlRefusedException($"Planned {fault.Reason}", fault.Reason);
            return;
        }
        try
        {
            work();
        }
        catch (SqlRefusedException refused)
        {
            job.Error = refused;
        }
    }

    private Outcome RunQuery(string project, JsonObject query, bool dryRun)
    {
        if (query["useLegacySql"]?.GetValue<bool>() != false) throw new SqlRefusedException("The stand-in speaks GoogleSQL; set useLegacySql to false.");
        var parameters = (query["queryParameters"]?.AsArray() ?? []).Select(Parameters.Read).ToList();
        var most = query["maximumBytesBilled"] is { } cap ? long.Parse(cap.ToString(), CultureInfo.InvariantCulture) : (long?)null;
        return engine.Run(query["query"]!.GetValue<string>(), parameters, parts => Find(project, query["defaultDataset"], parts), most, dryRun);
    }

    private TableShape Find(string project, JsonNode? defaultDataset, string[] parts)
    {
        var (inProject, dataset, table) = parts switch
        {
            [var p, var d, var t] => (p, d, t),
            [var d, var t] => (project, d, t),
            [var t] when defaultDataset?["datasetId"] is { } d => (project, d.GetValue<string>(), t),
            _ => throw new SqlRefusedException($"Table \"{string.Join('.', parts)}\" must be qualified with a dataset (e.g. dataset.table)."),
        };
        return engine.Catalog.FindTable(inProject, dataset, table)?.Shape
            ?? throw new SqlRefusedException($"Not found: Table {inProject}:{dataset}.{table} was not found in location US", "notFound");
    }

    private Outcome RunLoad(string project, JsonObject load, byte[]? content)
    {
        var target = load["destinationTable"]!;
        var (dataset, table) = (target["datasetId"]!.GetValue<string>(), target["tableId"]!.GetValue<string>());
        if (engine.Catalog.FindDataset(project, dataset) is null) throw new SqlRefusedException($"Not found: Dataset {project}:{dataset}", "notFound");
        var entry = engine.Catalog.FindTable(project, dataset, table);
        var disposition = load["writeDisposition"]?.GetValue<string>() ?? "WRITE_APPEND";
        if (entry is null && load["createDisposition"]?.GetValue<string>() == "CREATE_NEVER") throw new SqlRefusedException($"Not found: Table {project}:{dataset}.{table}", "notFound");
        entry ??= TableApi.Create(engine, project, dataset, table, new JsonObject { ["schema"] = load["schema"]?.DeepClone(), ["timePartitioning"] = load["timePartitioning"]?.DeepClone() });
        if (disposition == "WRITE_EMPTY" && engine.CountRows(entry.Shape) > 0) throw new SqlRefusedException($"Already Exists: Table {project}:{dataset}.{table}", "duplicate");
        var files = content is not null ? [content] : (load["sourceUris"]?.AsArray() ?? []).Select(uri => Download(uri!.GetValue<string>())).ToList();
        engine.Insert(entry.Shape, disposition == "WRITE_TRUNCATE", files.SelectMany(file => Loads.Read(file, load, entry.Shape.Columns)));
        engine.Touch(entry);
        return new Outcome { ChangedRows = engine.CountRows(entry.Shape) };
    }

    private byte[] Download(string uri)
    {
        var path = uri["gs://".Length..].Split('/', 2);
        lock (objects.Lock) return objects.Find(path[0], path[1])?.Content ?? throw new SqlRefusedException($"Not found: URI {uri}", "notFound");
    }

    private static JsonObject Reference(string project, Job job) => new() { ["projectId"] = project, ["jobId"] = job.Id, ["location"] = "US" };

    private static JsonObject Resource(string project, Job job)
    {
        var status = new JsonObject { ["state"] = job.IsDone ? "DONE" : "RUNNING" };
        if (job.IsDone && job.Error is { } error)
        {
            JsonObject Proto() => new() { ["reason"] = error.Reason, ["message"] = error.Message };
            status["errorResult"] = Proto();
            status["errors"] = new JsonArray(Proto());
        }
        var kind = job.Configuration.ContainsKey("load") ? "load" : "query";
        var configuration = (JsonObject)job.Configuration.DeepClone();
        configuration["jobType"] = kind.ToUpperInvariant();
        var statistics = new JsonObject { ["totalBytesProcessed"] = $"{job.Outcome.BytesProcessed}", ["creationTime"] = "0", ["startTime"] = "0", ["endTime"] = "0" };
        statistics[kind] = kind == "load"
            ? new JsonObject { ["outputRows"] = $"{job.Outcome.ChangedRows ?? 0}" }
            : new JsonObject { ["totalBytesProcessed"] = $"{job.Outcome.BytesProcessed}", ["totalBytesBilled"] = $"{job.Outcome.BytesBilled}", ["cacheHit"] = false };
        return new JsonObject
        {
            ["kind"] = "bigquery#job",
            ["id"] = $"{project}:US.{job.Id}",
            ["jobReference"] = Reference(project, job),
            ["configuration"] = configuration,
            ["status"] = status,
            ["statistics"] = statistics,
        };
    }
}
