using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using TransactionPipeline.Core.Sales;

namespace TransactionPipeline.Web.Sales;

/// <summary>Describes the sales routes' parameters and answers: they are read from the query string by hand, so that every error is ours.</summary>
internal static class SalesOpenApi
{
    private const string MonthPattern = @"^\d{4}-\d{2}(-\d{2})?$";

    private static readonly OpenApiParameter Prefix = InQuery(
        "product_prefix", "What products start with: letters and digits of any script, single spaces inside, at most 64. Case-sensitive, in composed form.",
        // No pattern: what a letter of any script is has no form that all clients read alike.
        new() { Type = JsonSchemaType.String, MaxLength = ProductPrefix.MaxLength, Default = SalesParameters.DefaultPrefix });

    // What a caller may ask of the cache.
    private static readonly OpenApiParameter[] CacheDemands =
    [
        InHeader("Cache-Control",
            "no-cache: check with the mart first; max-age=N: no answer older than N seconds; only-if-cached: never ask the mart."),
        InHeader("If-None-Match", "The ETag of an answer you have: 304 when it is still the answer, and never an older one."),
    ];

    private static readonly (string Name, string Description)[] AnswerHeaders =
    [
        ("ETag", "The answer's identity, for If-None-Match."),
        ("Age", "Seconds since the data was last known to be right."),
        ("Cache-Control",
            "private, no-cache: ask again with If-None-Match. While the mart is empty no-store, and of the other headers only Cache-Status."),
        ("Cache-Status", "How the answer came (RFC 9211); detail=stale-if-error marks the last good one of a mart that fails."),
        ("X-Data-As-Of", "The answer holds every change that the mart had at this time."),
    ];

    public static RouteHandlerBuilder WithSalesParameters(this RouteHandlerBuilder route) => Describe<SalesRow>(
        route,
        [
            Prefix,
            InQuery(
                "sale_month", "YYYY-MM, or YYYY-MM-DD: on /sales/pg-trends a full date means that day. Default: the newest month with data.", Month()),
            InQuery("month", "The same as sale_month; give one of them.", Month()),
            InQuery("min_amount", "The least total amount.", Number()),
            InQuery("max_quantity", "The most pieces.", new() { Type = JsonSchemaType.Integer, Format = "int64", Minimum = "0" }),
            InQuery("min_avg_price", "The least average price.", Number()),
            InQuery("max_avg_price", "The greatest average price. Default: no bound.", Number()),
            InQuery("limit", "Rows in a JSON page; CSV and NDJSON are always whole.", new()
            {
                Type = JsonSchemaType.Integer, Minimum = "1", Maximum = $"{SalesParameters.MaxLimit}", Default = SalesParameters.DefaultLimit,
            }),
            InQuery("cursor", "Where a page starts: from the Link header of the page before.", new() { Type = JsonSchemaType.String }),
        ],
        ("Link", "The next page of a JSON answer, rel=\"next\"; none on the last one."));

    public static RouteHandlerBuilder WithMonthlyParameters(this RouteHandlerBuilder route) => Describe<MonthRow>(
        route,
        [
            Prefix,
            InQuery(
                "from", $"The first month, at most {MonthlySales.MaxMonths - 1} before to. Default: {MonthlyParameters.DefaultMonths - 1} months before to.",
                Month()),
            InQuery("to", "The last month. Default: the newest month with data.", Month()),
            InQuery("mart", "Which mart answers.", new() { Type = JsonSchemaType.String, Enum = ["warehouse", "operational"], Default = "warehouse" }),
        ]);

    private static RouteHandlerBuilder Describe<TRow>(
        RouteHandlerBuilder route, OpenApiParameter[] parameters, params (string Name, string Description)[] moreHeaders) => route
        .Produces<TRow[]>(StatusCodes.Status200OK, "application/json", "text/csv", "application/x-ndjson")
        .Produces(StatusCodes.Status304NotModified)
        .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
        .ProducesProblem(StatusCodes.Status500InternalServerError)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable)
        .ProducesProblem(StatusCodes.Status504GatewayTimeout)
        .AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Parameters = [.. parameters, .. CacheDemands];
            var answer = (OpenApiResponse)operation.Responses!["200"];
            answer.Description = "The rows. CSV has a line of column names; NDJSON has one object a line.";
            foreach (var text in (string[])["text/csv", "application/x-ndjson"])
                answer.Content![text] = new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String } };
            answer.Headers = AnswerHeaders.Concat(moreHeaders).ToDictionary(
                header => header.Name,
                IOpenApiHeader (header) => new OpenApiHeader { Description = header.Description, Schema = new OpenApiSchema { Type = JsonSchemaType.String } },
                StringComparer.Ordinal);
            return Task.CompletedTask;
        });

    private static OpenApiParameter InQuery(string name, string description, OpenApiSchema schema) =>
        new() { Name = name, In = ParameterLocation.Query, Description = description, Schema = schema };

    private static OpenApiParameter InHeader(string name, string description) =>
        new() { Name = name, In = ParameterLocation.Header, Description = description, Schema = new OpenApiSchema { Type = JsonSchemaType.String } };

    private static OpenApiSchema Month() => new() { Type = JsonSchemaType.String, Pattern = MonthPattern, Examples = [JsonValue.Create("2023-10")] };

    private static OpenApiSchema Number() => new() { Type = JsonSchemaType.Number, Minimum = "0" };

    /// <summary>A row as <see cref="RowShapes.Sales"/> writes it.</summary>
    internal sealed record SalesRow(
        string? transaction_id, string product, DateOnly sale_month, decimal total_amount, decimal avg_price, long transaction_count);

    /// <summary>A month as <see cref="RowShapes.Months"/> writes it.</summary>
    internal sealed record MonthRow(DateOnly sale_month, decimal total_amount, long transaction_count, long? total_quantity);
}
