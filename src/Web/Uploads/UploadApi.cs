using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Pipeline;
using TransactionPipeline.Core.Users;
using TransactionPipeline.Web.Hosting;
using TransactionPipeline.Web.Pipeline;

namespace TransactionPipeline.Web.Uploads;

/// <summary><c>POST /upload/transactions</c>: a CSV file as a form's <c>file</c> or as the body, taken as it comes in.</summary>
internal static class UploadApi
{
    // Room for the form around a file of the largest size.
    private const long FormOverhead = 64 << 10;
    private const int MaxSourceLength = 200;

    public static void MapUploads(this IEndpointRouteBuilder routes) => routes.MapPost("/upload/transactions", UploadAsync)
        .WithName("UploadTransactions").WithTags("Pipeline").WithSummary("Load transactions from a CSV file")
        .AddOpenApiOperationTransformer(DescribeBodyAsync)
        .Produces<UploadAnswer>()
        .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
        .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
        .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable)
        .DisableAntiforgery()
        .AddEndpointFilter<RouteHandlerBuilder, PipelineCallLog>()
        .ExplainStoreFailures()
        .RequireAuthorization(policy => policy.RequireRole(Roles.Ingestor));

    private static async Task<IResult> UploadAsync(
        HttpContext context, TransactionReceiver receiver, PipelineRunner pipeline, IBatchStore batches,
        IOptions<IngestionOptions> options, IHostApplicationLifetime lifetime, CancellationToken cancellationToken)
    {
        LimitSize(context, options.Value.MaxUploadBytes);
        // The server does not wait for a large upload when it is told to stop.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        ReceivedBatch? received = null;
        try
        {
            var (content, source, problem) = await OpenAsync(context.Request, stop.Token);
            if (content is null) return problem!;
            received = await receiver.ReceiveAsync(content, source, progress: null, stop.Token);
            var call = new PipelineCall(received.BatchId, received.Accepted, received.RejectedCount);
            context.Features.Set(call);
            if (received.Accepted == 0) return Answer(UploadAnswer.Of(received, loaded: null, run: null));

            // From here on the file is ours: a client that goes away does not stop the run that others may wait for.
            var run = await pipeline.RunAsync("upload", retry: true, lifetime.ApplicationStopping);
            context.Features.Set(call with { Run = run.Id });
            var batch = await batches.FindAsync(received.BatchId, lifetime.ApplicationStopping);
            return Answer(UploadAnswer.Of(received, batch?.Loaded, run));
        }
        catch (TransactionFileException wrong)
        {
            return TypedResults.Problem(wrong.Message, statusCode: StatusCodes.Status422UnprocessableEntity);
        }
        catch (UploadBrokenException broken) when (broken.InnerException is BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge })
        {
            return TypedResults.Problem(
                $"The upload is too large; at most {options.Value.MaxUploadBytes} bytes are taken. Nothing of it was kept.",
                statusCode: StatusCodes.Status413PayloadTooLarge);
        }
        catch (UploadBrokenException)
        {
            return TypedResults.Problem(
                "The upload broke off or is not a whole form. Nothing of it was kept; send it again.",
                statusCode: StatusCodes.Status400BadRequest);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return NotNow(context, "The server cannot write its disk. Nothing of the upload was kept; send it again when there is space.");
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return NotNow(context, received is null
                ? "The server is being stopped. Nothing of the upload was kept; send it again."
                : $"The server is being stopped. The file is kept as batch {received.BatchId}; the next run loads it.");
        }
    }

    private static ProblemHttpResult NotNow(HttpContext context, string detail)
    {
        context.Response.Headers.RetryAfter = StoreFailures.RetryAfterSeconds;
        return TypedResults.Problem(detail, statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    // Described by hand: with ASP.NET's own Accepts, routing would refuse other types before we could say what is wanted.
    private static Task DescribeBodyAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var file = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" };
        var form = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal) { ["file"] = file },
            Required = new HashSet<string>(StringComparer.Ordinal) { "file" },
        };
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
            {
                ["multipart/form-data"] = new() { Schema = form },
                ["text/csv"] = new() { Schema = new OpenApiSchema { Type = JsonSchemaType.String } },
            },
        };
        return Task.CompletedTask;
    }

    private static JsonHttpResult<UploadAnswer> Answer(UploadAnswer answer) => TypedResults.Json(answer, SnakeCase.Json);

    private static void LimitSize(HttpContext context, long maxBytes)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = context.Request.HasFormContentType ? maxBytes + FormOverhead : maxBytes;
    }

    private static async Task<(Stream? Content, string Source, IResult? Problem)> OpenAsync(
        HttpRequest request, CancellationToken cancellationToken)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)) return (null, "", NotUnderstood());
        if (type.MediaType.Equals("text/csv", StringComparison.OrdinalIgnoreCase)) return (new ClientStream(request.Body), "text/csv", null);
        if (!type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase)) return (null, "", NotUnderstood());
        if (HeaderUtilities.RemoveQuotes(type.Boundary).Value is not { Length: > 0 } boundary)
            return (null, "", TypedResults.Problem("The form's Content-Type names no boundary.", statusCode: StatusCodes.Status400BadRequest));

        // Read part by part: ASP.NET's own form would first put the whole file on the disk.
        var form = new MultipartReader(boundary, new ClientStream(request.Body));
        while (await NextPartAsync(form, cancellationToken) is { } part)
        {
            if (part.GetContentDispositionHeader() is not { } disposition || disposition.Name != "file") continue;
            var name = disposition.FileNameStar.HasValue ? disposition.FileNameStar : disposition.FileName;
            return (new ClientStream(part.Body), CleanName(HeaderUtilities.RemoveQuotes(name).Value), null);
        }
        return (null, "", TypedResults.Problem(
            "The form has no field named 'file' with the CSV file.", statusCode: StatusCodes.Status422UnprocessableEntity));
    }

    private static async Task<MultipartSection?> NextPartAsync(MultipartReader form, CancellationToken cancellationToken)
    {
        try
        {
            return await form.ReadNextSectionAsync(cancellationToken);
        }
        catch (Exception error) when (error is IOException or InvalidDataException)
        {
            throw new UploadBrokenException(error);
        }
    }

    private static ProblemHttpResult NotUnderstood() => TypedResults.Problem(
        "Send the CSV file as the field 'file' of a form (multipart/form-data), or as the body with Content-Type text/csv.",
        statusCode: StatusCodes.Status415UnsupportedMediaType);

    private static string CleanName(string? name)
    {
        var clean = new string([.. (name ?? "").Where(letter => !char.IsControl(letter)).Take(MaxSourceLength)]);
        return clean.Length == 0 ? "form" : clean;
    }
}
