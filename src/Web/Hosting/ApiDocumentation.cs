using Microsoft.AspNetCore.Authorization;
using Microsoft.OpenApi;

namespace TransactionPipeline.Web.Hosting;

/// <summary>The API described at <c>/openapi/v1.json</c> and tried out at <c>/docs</c>.</summary>
public static class ApiDocumentation
{
    private const string Scheme = "bearer";

    // The page is Swagger UI's: it needs its scripts and styles, and calls this API only.
    private const string PagePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";

    /// <summary>Adds the description, with sign-in by <c>/token</c>.</summary>
    public static IHostApplicationBuilder AddApiDocumentation(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOpenApi(options =>
        {
            options.AddDocumentTransformer((document, _, _) =>
            {
                document.Info = new()
                {
                    Title = "Transaction Pipeline API",
                    Version = "1",
                    Description = "Monthly answers of the sales marts, cached. Get a token from POST /token and send it as a bearer.",
                };
                document.Components ??= new();
                document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
                {
                    [Scheme] = new OpenApiSecurityScheme
                    {
                        Type = SecuritySchemeType.OAuth2,
                        Flows = new() { Password = new() { TokenUrl = new Uri("/token", UriKind.Relative), Scopes = new Dictionary<string, string>(StringComparer.Ordinal) } },
                    },
                };
                return Task.CompletedTask;
            });
            options.AddOperationTransformer((operation, context, _) =>
            {
                if (context.Description.ActionDescriptor.EndpointMetadata.OfType<IAuthorizeData>().Any())
                    operation.Security = [new() { [new OpenApiSecuritySchemeReference(Scheme, context.Document)] = [] }];
                return Task.CompletedTask;
            });
        });
        return builder;
    }

    /// <summary>Maps both pages, open to anyone.</summary>
    public static WebApplication MapApiDocumentation(this WebApplication app)
    {
        app.MapOpenApi().AllowAnonymous();
        app.Use((context, next) =>
        {
            if (context.Request.Path.StartsWithSegments("/docs", StringComparison.Ordinal))
                context.Response.Headers.ContentSecurityPolicy = PagePolicy;
            return next(context);
        });
        app.UseSwaggerUI(options =>
        {
            options.RoutePrefix = "docs";
            options.DocumentTitle = "Transaction Pipeline API";
            options.SwaggerEndpoint("/openapi/v1.json", "v1");
        });
        return app;
    }
}
