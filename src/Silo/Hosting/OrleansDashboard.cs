using Orleans.Dashboard;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Silo.Hosting;

/// <summary>Orleans' own dashboard of silos and grains, for operators.</summary>
internal static class OrleansDashboard
{
    private const string Path = "/admin/orleans";

    // A page of scripts from this host, with styles in its elements' attributes and a font in its style sheet.
    private const string PagePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
        + "form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

    /// <summary>Has the silo collect what the dashboard shows.</summary>
    public static ISiloBuilder AddOrleansDashboard(this ISiloBuilder silo) =>
        // Its trace is the log of all silos, live: that is not for the web.
        silo.AddDashboard(static options => options.HideTrace = true);

    /// <summary>Maps <c>/admin/orleans</c> when the setting <c>cluster:dashboard</c> says so.</summary>
    public static WebApplication MapOrleansDashboard(this WebApplication app)
    {
        if (!app.Services.GetRequiredService<ClusterSettings>().Dashboard) return app;
        var pages = ServiceCollectionExtensions.MapOrleansDashboard(app, Path);
        pages.RequireAuthorization(Roles.Operator).ExcludeFromDescription();
        pages.AddEndpointFilter(static (context, next) =>
        {
            context.HttpContext.Response.Headers.ContentSecurityPolicy = PagePolicy;
            return next(context);
        });
        return app;
    }
}
