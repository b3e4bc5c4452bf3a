using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace TransactionPipeline.Web.Hosting;

/// <summary>
/// Every error is <c>application/problem+json</c> with a detail a person can act on: what an endpoint answers itself, what routing,
/// authentication and the server refuse, and what is thrown. Nothing of an exception goes out. Pages have pages (<see cref="PagesForPeople"/>).
/// </summary>
public static class Problems
{
    private static readonly object DetailKey = new();

    /// <summary>Adds the services.</summary>
    public static IHostApplicationBuilder AddProblems(this IHostApplicationBuilder builder)
    {
        // Before ASP.NET's own writer, which falls silent when Accept names only text/csv or text/html.
        builder.Services.AddSingleton<IProblemDetailsWriter, Writer>();
        builder.Services.AddProblemDetails();
        return builder;
    }

    /// <summary>Catches what is thrown and fills the empty errors of everything that follows in the pipeline.</summary>
    public static IApplicationBuilder UseProblems(this IApplicationBuilder app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            StatusCodeSelector = StatusOf,
            // Anything else is the caller's mistake or departure, or a refusal that is meant: no error of the app.
            SuppressDiagnosticsCallback = context => context.HttpContext.Response.StatusCode != StatusCodes.Status500InternalServerError,
        });
        return app.UseStatusCodePages();
    }

    /// <summary>Gives the error with which this request will end its detail, where the code that ends it is not ours.</summary>
    public static void Explain(HttpContext context, string? detail) => context.Items[DetailKey] = detail;

    private static int StatusOf(Exception exception) => exception switch
    {
        BadHttpRequestException bad => bad.StatusCode,
        OperationCanceledException => StatusCodes.Status499ClientClosedRequest,
        _ => StatusCodes.Status500InternalServerError,
    };

    private static void Complete(ProblemDetailsContext context)
    {
        var problem = context.ProblemDetails;
        problem.Detail ??= context.HttpContext.Items[DetailKey] as string ?? DetailOf(problem.Status, context.HttpContext);
        problem.Extensions["traceId"] = Activity.Current?.Id ?? context.HttpContext.TraceIdentifier;
    }

    private static string DetailOf(int? status, HttpContext context) => status switch
    {
        400 => "The request cannot be read; check its parameters and its body.",
        401 => "Sign in: get a token from POST /token and send it as 'Authorization: Bearer TOKEN'.",
        403 => "Your user may not do this.",
        404 => $"There is nothing at this address; {DocumentationHint}",
        405 => $"{context.Request.Method} is not possible here, but {context.Response.Headers.Allow} is.",
        406 => "None of the formats in Accept can be given.",
        408 => "The request took too long to arrive.",
        413 => context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize is { } limit
            ? $"The request is too large; at most {limit} bytes are taken."
            : "The request is too large.",
        415 => $"This Content-Type is not understood here; {DocumentationHint}",
        422 => $"A parameter is missing or not allowed; {DocumentationHint}",
        429 => "Too many requests; Retry-After says in how many seconds to come back.",
        503 => "The service cannot answer at the moment; try again later.",
        >= 500 => "The server made an error; it has been logged under this traceId.",
        _ => $"The request was refused; {DocumentationHint}",
    };

    private const string DocumentationHint = "see /docs for what the API offers.";

    private sealed class Writer(IErrorPage page) : IProblemDetailsWriter
    {
        public bool CanWrite(ProblemDetailsContext context) => true;

        public ValueTask WriteAsync(ProblemDetailsContext context)
        {
            var response = context.HttpContext.Response;
            context.ProblemDetails.Status ??= response.StatusCode;
            context.ProblemDetails.Title ??= ReasonPhrases.GetReasonPhrase(context.ProblemDetails.Status.Value);
            Complete(context);
            if (PagesForPeople.IsForPeople(context.HttpContext))
                return new(page.Render(context.HttpContext, context.ProblemDetails).ExecuteAsync(context.HttpContext));
            return new(response.WriteAsJsonAsync(
                context.ProblemDetails, context.ProblemDetails.GetType(), JsonSerializerOptions.Web, "application/problem+json",
                context.HttpContext.RequestAborted));
        }
    }
}
