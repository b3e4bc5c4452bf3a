using Microsoft.AspNetCore.Antiforgery;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Users;
using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Web.Dashboard;

/// <summary>The dashboard: <c>GET /</c>, and <c>/assets</c>.</summary>
public static partial class DashboardApi
{
    private const string Template = "dashboard";

    /// <summary>Adds the templates, the assets and what the page is made of.</summary>
    public static IHostApplicationBuilder AddDashboard(this IHostApplicationBuilder builder)
    {
        var root = builder.Environment.ContentRootPath;
        builder.Services.AddOptions<DashboardOptions>().Bind(builder.Configuration.GetSection("dashboard"))
            .Validate(options => options.PageSize is >= 1 and <= 1000, "dashboard:page_size must be from 1 to 1000.").ValidateOnStart();
        builder.Services.AddSingleton(new AssetStore(Shipped("wwwroot/assets", root)));
        builder.Services.AddSingleton<ITemplateStore>(services => new TemplateStore(
            Shipped("templates", root),
            services.GetRequiredService<IOptions<DashboardOptions>>().Value.Templates is { Length: > 0 } own ? Path.GetFullPath(own, root) : null,
            services.GetRequiredService<AssetStore>(),
            services.GetRequiredService<ILogger<TemplateStore>>()));
        builder.Services.AddSingleton<DashboardService>();
        builder.Services.AddSingleton<IErrorPage, ProblemPage>();
        return builder;
    }

    /// <summary>Maps the page, for viewers, and its assets, for anyone: the sign-in page needs them too.</summary>
    public static IEndpointRouteBuilder MapDashboard(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/", ShowAsync).RequireAuthorization(policy => policy.RequireRole(Roles.Viewer)).ForPeople().ExcludeFromDescription();
        routes.MapGet("/assets/{name}", (string name, HttpContext context, AssetStore assets) => assets.Serve(name, context))
            .AllowAnonymous().ExcludeFromDescription();
        return routes;
    }

    private static async Task<IResult> ShowAsync(
        HttpContext context, DashboardService dashboard, ITemplateStore templates, IAntiforgery antiforgery, TimeProvider time,
        ILogger<DashboardService> logger, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        LogRendering(logger);
        var (page, status, retryAfter) = await dashboard.AnswerAsync(
            context.Request.Query, context.User.Identity?.Name, SignOutForm.For(context, antiforgery), cancellationToken);
        if (retryAfter is { } seconds) context.Response.Headers.RetryAfter = $"{seconds}";
        var html = templates.Render(Template, page);
        var elapsed = time.GetElapsedTime(started);
        LogTime(logger, elapsed.TotalSeconds);
        return new HtmlPage(html, status);
    }

    /// <summary>A directory that ships with the app: in the content root, else beside the binaries.</summary>
    private static string Shipped(string path, string contentRoot)
    {
        var inContentRoot = Path.GetFullPath(path, contentRoot);
        return Directory.Exists(inContentRoot) ? inContentRoot : Path.Combine(AppContext.BaseDirectory, path);
    }

    [LoggerMessage(EventId = 4010, Level = LogLevel.Debug, Message = "Rendering dashboard")]
    private static partial void LogRendering(ILogger logger);

    [LoggerMessage(EventId = 4013, Level = LogLevel.Information, Message = "Dashboard render time: {Seconds:F2} seconds")]
    private static partial void LogTime(ILogger logger, double seconds);
}
