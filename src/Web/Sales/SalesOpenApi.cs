using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace TransactionPipeline.Web.Sales;

/// <summary>Describes the sales routes' parameters and answers: they are read from the query string by hand, so that every error is ours.</summary>
internal static class SalesOpenApi
{
    public static RouteHandlerBuilder WithSalesParameters(this RouteHandlerBuilder route) =>
        Describe<SalesRow>(
            route,
            [
                ("product_prefix", "What products start with; letters and digits, single spaces inside, at most 64. Case-sensitive.", JsonSchemaType.String, "Halal"),
                ("sale_month", "YYYY-MM, or YYYY-MM-DD: on /sales/pg-trends a full date means that day. Default: the newest month with data.", JsonSchemaType.String, "2023-10-01"),
                ("month", "The same as sale_month.", JsonSchemaType.String, null),
                ("min_amount", "The least total amount.", JsonSchemaType.Number, null),
                ("max_quantity", "The most pieces.", JsonSchemaType.Integer, null),
                ("min_avg_price", "The least average price.", JsonSchemaType.Number, null),
                ("max_avg_price", "The greatest average price.", JsonSchemaType.Number, null),
                ("limit", "Rows in a JSON page, 1 to 10000. Default 1000.", JsonSchemaType.Integer, null),
                ("cursor", "Where a page starts: from the Link header of the page before.", JsonSchemaType.String, null),
            ]);

    public static RouteHandlerBuilder WithMonthlyParameters(this RouteHandlerBuilder route) =>
        Describe<MonthRow>(
            route,
            [
                ("product_prefix", "What products start with. Default Halal.", JsonSchemaType.String, "Halal"),
                ("from", "The first month, YYYY-MM; at most 36 months with to. Default: 11 months before to.", JsonSchemaType.String, null),
                ("to", "The last month, YYYY-MM. Default: the newest month with data.", JsonSchemaType.String, null),
                ("mart", "warehouse (default) or operational.", JsonSchemaType.String, null),
            ]);

    private static RouteHandlerBuilder Describe<TRow>(
        RouteHandlerBuilder route, (string Name, string Description, JsonSchemaType Type, string? Example)[] parameters) =>
        route.Produces<TRow[]>(StatusCodes.Status200OK, "application/json", "text/csv", "application/x-ndjson")
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
            .ProducesProblem(StatusCodes.Status500InternalServerError)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable)
            .AddOpenApiOperationTransformer((operation, _, _) =>
            {
                operation.Parameters = [.. parameters.Select(parameter => (IOpenApiParameter)new OpenApiParameter
                {
                    Name = parameter.Name,
                    In = ParameterLocation.Query,
                    Description = parameter.Description,
                    Schema = new OpenApiSchema { Type = parameter.Type },
                    Example = parameter.Example is null ? null : JsonValue.Create(parameter.Example),
                })];
                return Task.CompletedTask;
            });

    /// <summary>A row as the routes write it.</summary>
    internal sealed record SalesRow(
        string? transaction_id, string product, string sale_month, decimal total_amount, decimal avg_price, long transaction_count);

    /// <summary>A month as <c>/sales/monthly</c> writes it.</summary>
    internal sealed record MonthRow(string sale_month, decimal total_amount, long transaction_count, long? total_quantity);
}
