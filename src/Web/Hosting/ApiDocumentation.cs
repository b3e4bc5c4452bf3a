using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Infrastructure;
using Microsoft.AspNetCore.OpenApi;
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
        // The description follows these: names as in the tables, and numbers that are never strings.
        builder.Services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            options.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        });
        builder.Services.AddOpenApi(options => options
            .AddDocumentTransformer(DescribeAsync)
            .AddOperationTransformer(DescribeAccessAsync)
            .AddSchemaTransformer(static (schema, context, _) =>
            {
                // Money is decimal, which is no double.
                if (context.JsonTypeInfo.Type == typeof(decimal) || context.JsonTypeInfo.Type == typeof(decimal?)) schema.Format = null;
                return Task.CompletedTask;
            }));
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

    private static Task DescribeAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
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
                Flows = new()
                {
                    Password = new()
                    {
                        TokenUrl = new Uri("/token", UriKind.Relative),
                        Scopes = new Dictionary<string, string>(StringComparer.Ordinal),
                    },
                },
            },
        };
        return Task.CompletedTask;
    }

    /// <summary>Who may call it, and what the others are answered.</summary>
    private static Task DescribeAccessAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        if (!metadata.OfType<IAuthorizeData>().Any()) return Task.CompletedTask;
        operation.Security = [new() { [new OpenApiSecuritySchemeReference(Scheme, context.Document)] = [] }];
        // A policy is named as its role, or says it.
        var roles = metadata.OfType<IAuthorizeData>().Select(data => data.Policy).OfType<string>()
            .Concat(metadata.OfType<AuthorizationPolicy>().SelectMany(policy => policy.Requirements).OfType<RolesAuthorizationRequirement>()
                .SelectMany(requirement => requirement.AllowedRoles));
        AddProblem(operation, context, "401", "No token, or one that does not count.");
        AddProblem(operation, context, "403", $"Your user does not have the role {string.Join(", ", roles.Distinct(StringComparer.Ordinal))}.");
        return Task.CompletedTask;
    }

    private static void AddProblem(OpenApiOperation operation, OpenApiOperationTransformerContext context, string status, string description)
    {
        var problem = new OpenApiMediaType { Schema = new OpenApiSchemaReference("ProblemDetails", context.Document) };
        (operation.Responses ??= [])[status] = new OpenApiResponse
        {
            Description = description,
            Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal) { ["application/problem+json"] = problem },
        };
    }
}
