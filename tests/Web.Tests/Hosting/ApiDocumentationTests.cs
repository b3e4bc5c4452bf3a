using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;

namespace TransactionPipeline.Web.Tests.Hosting;

/// <summary>What <c>/openapi/v1.json</c> promises is what the code does.</summary>
public sealed partial class ApiDocumentationTests(WebAppFixture app) : IClassFixture<WebAppFixture>
{
    [Fact]
    public async Task Document_Itself_IsValid()
    {
        var read = await ReadAsync();

        Assert.Empty(read.Diagnostic!.Errors);
        Assert.Empty(read.Diagnostic.Warnings);
        Assert.Empty(read.Document!.Validate(ValidationRuleSet.GetDefaultRuleSet()));
        var ids = Operations(read.Document!).Select(one => one.Operation.OperationId).ToList();
        Assert.DoesNotContain(null, ids);
        Assert.Equal(ids.Count, ids.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task Document_EveryRouteForPrograms_IsInIt()
    {
        var described = Operations((await ReadAsync()).Document!).Select(one => $"{one.Method} {one.Path}").Order(StringComparer.Ordinal);

        var mapped = app.Provider.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is not { ExcludeFromDescription: true })
            .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [])
                .Select(method => $"{method} /{endpoint.RoutePattern.RawText!.Trim('/')}"))
            // For probes and scrapers, whose answers have formats of their own.
            .Where(route => !route.Contains(" /health/", StringComparison.Ordinal) && !route.Contains(" /metrics", StringComparison.Ordinal))
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

        Assert.Equal(mapped, described);
        Assert.Contains("POST /upload/transactions", described);
    }

    [Fact]
    public async Task Document_EveryOperation_SaysWhatItIsAndWhoMayCallIt()
    {
        foreach (var (_, path, operation) in Operations((await ReadAsync()).Document!))
        {
            Assert.False(string.IsNullOrEmpty(operation.Summary), path);
            Assert.All(operation.Responses!.Values, response => Assert.False(string.IsNullOrEmpty(response.Description), path));
            if (path == "/token") continue;
            Assert.NotEmpty(operation.Security!);
            Assert.Contains("401", operation.Responses!.Keys);
            Assert.Matches("the role (viewer|ingestor|operator)\\.$", operation.Responses!["403"].Description);
        }
    }

    [Theory]
    [InlineData("/sales/trends")]
    [InlineData("/sales/pg-trends")]
    [InlineData("/sales/monthly")]
    public async Task Document_ParametersOfSales_AreThoseThatTheCodeTakes(string route)
    {
        using var client = await app.AdminAsync();
        var operation = (await ReadAsync()).Document!.Paths[route].Operations![HttpMethod.Get];
        var inQuery = operation.Parameters!.Where(parameter => parameter.In == ParameterLocation.Query).ToList();

        // The refusal of an unknown parameter lists the known ones.
        var refusal = await ProblemAssert.IsAsync(await client.GetAsync($"{route}?nonsense=1"), HttpStatusCode.UnprocessableEntity, "there are ");
        Assert.Equal(
            Names().Matches(refusal.Split("there are ")[1]).Select(match => match.Value).Where(name => name != "or").Order(StringComparer.Ordinal),
            inQuery.Select(parameter => parameter.Name!).Order(StringComparer.Ordinal));
        foreach (var parameter in inQuery.Where(parameter => parameter.Name != "cursor"))
        {
            Assert.False(string.IsNullOrEmpty(parameter.Description), parameter.Name);
            var schema = parameter.Schema!;
            var example = schema.Default?.ToString() ?? schema.Examples?[0]?.ToString() ?? schema.Minimum!;
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync($"{route}?{parameter.Name}={Uri.EscapeDataString(example)}")).StatusCode);
            foreach (var bound in (string?[])[schema.Minimum, schema.Maximum])
            {
                if (bound is null) continue;
                Assert.Equal(HttpStatusCode.OK, (await client.GetAsync($"{route}?{parameter.Name}={bound}")).StatusCode);
                var beyond = bound == schema.Minimum ? -1 : 1;
                var refused = await client.GetAsync($"{route}?{parameter.Name}={long.Parse(bound) + beyond}");
                await ProblemAssert.IsAsync(refused, HttpStatusCode.UnprocessableEntity, parameter.Name + ": ");
            }
            if (schema.Pattern is null) continue;
            var unfit = await client.GetAsync($"{route}?{parameter.Name}=%40");
            Assert.Equal(HttpStatusCode.UnprocessableEntity, unfit.StatusCode);
        }
    }

    [Theory]
    [InlineData("/sales/trends")]
    [InlineData("/sales/pg-trends")]
    [InlineData("/sales/monthly")]
    public async Task Document_AnswersOfSales_AreThoseThatTheCodeGives(string route)
    {
        using var client = await app.AdminAsync();
        var described = (await ReadAsync()).Document!.Paths[route].Operations![HttpMethod.Get].Responses!["200"];
        var fields = described.Content!["application/json"].Schema!.Items!.Properties!;

        foreach (var type in described.Content.Keys)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, route + (route == "/sales/monthly" ? "" : "?limit=1"));
            request.Headers.Accept.ParseAdd(type);
            var answer = await client.SendAsync(request);

            Assert.Equal(type, answer.Content.Headers.ContentType?.MediaType);
            // Only a JSON answer has pages.
            var expectedHeaders = described.Headers!.Keys.Where(name => type == "application/json" || name != "Link");
            Assert.All(expectedHeaders, name => Assert.True(answer.Headers.Contains(name), name));
            if (type != "application/json") continue;
            var row = System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement[0];
            Assert.Equal(fields.Keys, row.EnumerateObject().Select(field => field.Name));
            foreach (var field in row.EnumerateObject())
            {
                var expected = field.Value.ValueKind == System.Text.Json.JsonValueKind.Number
                    ? JsonSchemaType.Number | JsonSchemaType.Integer
                    : JsonSchemaType.String;
                Assert.True((fields[field.Name].Type & expected) != 0, $"{field.Name} is {fields[field.Name].Type}");
                Assert.False(fields[field.Name].Type!.Value.HasFlag(JsonSchemaType.String) && expected != JsonSchemaType.String, field.Name);
                Assert.NotEqual("double", fields[field.Name].Format);
            }
        }
    }

    [Theory]
    [InlineData("RunAnswer", "started_at")]
    [InlineData("UploadAnswer", "batch_id")]
    [InlineData("TokenAnswer", "access_token")]
    public async Task Document_NamesOfFields_AreWrittenAsInTheAnswers(string schema, string field) =>
        Assert.Contains(field, (await ReadAsync()).Document!.Components!.Schemas![schema].Properties!.Keys);

    [Fact]
    public async Task Docs_Page_IsOpenToAnyoneUnderItsOwnPolicy()
    {
        using var client = app.Anonymous();

        Assert.Equal("docs/index.html", (await client.GetAsync("/docs")).Headers.Location?.ToString());
        foreach (var file in (string[])["index.html", "index.js", "swagger-ui.css", "swagger-ui-bundle.js"])
        {
            var answer = await client.GetAsync("/docs/" + file);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
            Assert.Contains("default-src 'none'; script-src 'self';", policy, StringComparison.Ordinal);
            Assert.Contains("connect-src 'self'; frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("http", policy, StringComparison.Ordinal);
        }
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/openapi/v1.json")).StatusCode);
    }

    private static IEnumerable<(string Method, string Path, OpenApiOperation Operation)> Operations(OpenApiDocument document) =>
        document.Paths.SelectMany(path => path.Value.Operations!.Select(operation => (operation.Key.Method, path.Key, operation.Value)));

    private async Task<ReadResult> ReadAsync()
    {
        using var client = app.Anonymous();
        return OpenApiDocument.Parse(await client.GetStringAsync("/openapi/v1.json"), "json");
    }

    [GeneratedRegex("[a-z_]+", RegexOptions.None, 1000)]
    private static partial Regex Names();
}
