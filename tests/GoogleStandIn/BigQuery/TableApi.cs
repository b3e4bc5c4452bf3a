using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using TransactionPipeline.GoogleStandIn.Sql;

namespace TransactionPipeline.GoogleStandIn.BigQuery;

/// <summary>The methods of datasets, tables and tabledata.</summary>
internal sealed class TableApi(Engine engine, Faults faults)
{
    private const string Root = "/bigquery/v2/projects/{project}/datasets";

    public void MapTo(IEndpointRouteBuilder app)
    {
        app.MapGet(Root, (string project) => Locked(() => List("bigquery#datasetList", "datasets", engine.Catalog.Datasets(project)))).WithMetadata(new ApiName("bigquery.datasets.list"));
        app.MapPost(Root, CreateDatasetAsync).WithMetadata(new ApiName("bigquery.datasets.insert"));
        app.MapGet(Root + "/{dataset}", (string project, string dataset) => Locked(() =>
            engine.Catalog.FindDataset(project, dataset) is { } found ? Wire.Json(found.DeepClone()) : NoDataset(project, dataset)))
            .WithMetadata(new ApiName("bigquery.datasets.get"));
        app.MapDelete(Root + "/{dataset}", DeleteDataset).WithMetadata(new ApiName("bigquery.datasets.delete"));
        app.MapGet(Root + "/{dataset}/tables", (string project, string dataset) => Locked(() =>
            engine.Catalog.FindDataset(project, dataset) is null ? NoDataset(project, dataset)
            : List("bigquery#tableList", "tables", engine.Catalog.Tables(project, dataset).Select(pair => Resource(pair.Table)))))
            .WithMetadata(new ApiName("bigquery.tables.list"));
        app.MapPost(Root + "/{dataset}/tables", CreateTableAsync).WithMetadata(new ApiName("bigquery.tables.insert"));
        app.MapGet(Root + "/{dataset}/tables/{table}", (string project, string dataset, string table) => Locked(() =>
            engine.Catalog.FindTable(project, dataset, table) is { } found ? Wire.Json(Resource(found)) : NoTable(project, dataset, table)))
            .WithMetadata(new ApiName("bigquery.tables.get"));
        app.MapPatch(Root + "/{dataset}/tables/{table}", PatchTableAsync).WithMetadata(new ApiName("bigquery.tables.patch"));
        app.MapDelete(Root + "/{dataset}/tables/{table}", DeleteTable).WithMetadata(new ApiName("bigquery.tables.delete"));
        app.MapGet(Root + "/{dataset}/tables/{table}/data", ListRows).WithMetadata(new ApiName("bigquery.tabledata.list"));
    }

    internal static IResult NoTable(string project, string dataset, string table) => Wire.Error(404, "notFound", $"Not found: Table {project}:{dataset}.{table}");

    private static IResult NoDataset(string project, string dataset) => Wire.Error(404, "notFound", $"Not found: Dataset {project}:{dataset}");

    private static IResult List(string kind, string name, IEnumerable<JsonObject> items) =>
        Wire.Json(new JsonObject { ["kind"] = kind, [name] = new JsonArray([.. items.Select(item => item.DeepClone())]) });

    private IResult Locked(Func<IResult> work)
    {
        lock (engine.Lock) return work();
    }

    private async Task<IResult> CreateDatasetAsync(HttpRequest request, string project)
    {
        var body = await Wire.ReadAsync(request);
        var dataset = body["datasetReference"]!["datasetId"]!.GetValue<string>();
        return Locked(() =>
        {
            if (engine.Catalog.FindDataset(project, dataset) is not null) return Wire.Error(409, "duplicate", $"Already Exists: Dataset {project}:{dataset}");
            body["kind"] = "bigquery#dataset";
            body["id"] = $"{project}:{dataset}";
            body["datasetReference"]!["projectId"] = project;
            body["location"] ??= "US";
            engine.Catalog.AddDataset(project, dataset, body);
            return Wire.Json(body.DeepClone());
        });
    }

    private IResult DeleteDataset(HttpRequest request, string project, string dataset) => Locked(() =>
    {
        if (engine.Catalog.FindDataset(project, dataset) is null) return NoDataset(project, dataset);
        var tables = engine.Catalog.Tables(project, dataset).ToList();
        if (tables.Count > 0 && request.Query("deleteContents") != "true") return Wire.Error(400, "resourceInUse", $"Dataset {project}:{dataset} is still in use");
        foreach (var (id, table) in tables)
        {
            engine.Drop(table.Shape);
            engine.Catalog.RemoveTable(project, dataset, id.Split('.')[^1]);
        }
        engine.Catalog.RemoveDataset(project, dataset);
        return Results.NoContent();
    });

    private async Task<IResult> CreateTableAsync(HttpRequest request, string project, string dataset)
    {
        var body = await Wire.ReadAsync(request);
        var table = body["tableReference"]!["tableId"]!.GetValue<string>();
        return Locked(() =>
        {
            if (engine.Catalog.FindDataset(project, dataset) is null) return NoDataset(project, dataset);
            if (engine.Catalog.FindTable(project, dataset, table) is not null) return Wire.Error(409, "duplicate", $"Already Exists: Table {project}:{dataset}.{table}");
            try
            {
                return Wire.Json(Resource(Create(engine, project, dataset, table, body)));
            }
            catch (SqlRefusedException refused)
            {
                return Wire.Error(refused.Reason, refused.Message);
            }
        });
    }

    internal static TableEntry Create(Engine engine, string project, string dataset, string table, JsonObject resource)
    {
        resource["kind"] = "bigquery#table";
        resource["type"] ??= "TABLE";
        resource["id"] = $"{project}:{dataset}.{table}";
        resource["tableReference"] = new JsonObject { ["projectId"] = project, ["datasetId"] = dataset, ["tableId"] = table };
        var shape = Catalog.Shape(project, dataset, table, resource);
        if (shape.PartitionField is { } field && shape.Columns.FirstOrDefault(column => column.Name == field)?.Type is not ("DATE" or "TIMESTAMP"))
            throw new SqlRefusedException($"The field specified for partitioning cannot be found in the schema or has the wrong type: {field}", "invalid");
        var entry = new TableEntry { Resource = resource, Shape = shape };
        engine.Touch(entry);
        entry.Created = entry.Modified;
        engine.Create(shape);
        engine.Catalog.AddTable(project, dataset, table, entry);
        return entry;
    }

    private async Task<IResult> PatchTableAsync(HttpRequest request, string project, string dataset, string table)
    {
        var body = await Wire.ReadAsync(request);
        return Locked(() =>
        {
            if (engine.Catalog.FindTable(project, dataset, table) is not { } found) return NoTable(project, dataset, table);
            if (body.ContainsKey("schema")) return Wire.Error(400, "invalid", "The stand-in changes no schemas.");
            foreach (var (name, value) in body) found.Resource[name] = value?.DeepClone();
            found.Version++;
            return Wire.Json(Resource(found));
        });
    }

    private IResult DeleteTable(string project, string dataset, string table) => Locked(() =>
    {
        if (engine.Catalog.FindTable(project, dataset, table) is not { } found) return NoTable(project, dataset, table);
        engine.Drop(found.Shape);
        engine.Catalog.RemoveTable(project, dataset, table);
        return Results.NoContent();
    });

    private IResult ListRows(HttpRequest request, string project, string dataset, string table) => Locked(() =>
    {
        if (engine.Catalog.FindTable(project, dataset, table) is not { } found) return NoTable(project, dataset, table);
        var answer = new JsonObject { ["kind"] = "bigquery#tableDataList" };
        Rows.AddPage(answer, engine.ReadTable(found.Shape), request.Query("pageToken"), request.QueryNumber("maxResults"), faults.PageSize, nextName: "pageToken");
        return Wire.Json(answer);
    });

    private JsonObject Resource(TableEntry table)
    {
        var resource = (JsonObject)table.Resource.DeepClone();
        resource["etag"] = $"\"{table.Version}-{table.Modified}\"";
        resource["creationTime"] = $"{table.Created}";
        resource["lastModifiedTime"] = $"{table.Modified}";
        resource["numRows"] = $"{engine.CountRows(table.Shape)}";
        resource["numBytes"] = $"{engine.CountBytes(table.Shape)}";
        resource["location"] = "US";
        return resource;
    }
}
