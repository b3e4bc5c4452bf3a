using TransactionPipeline.Web.Admin;
using TransactionPipeline.Web.Dashboard;
using TransactionPipeline.Web.Health;
using TransactionPipeline.Web.Pipeline;
using TransactionPipeline.Web.Sales;
using TransactionPipeline.Web.SignIn;

namespace TransactionPipeline.Web.Hosting;

/// <summary>The front end as a whole. A table of contents; one line a feature.</summary>
public static class WebFront
{
    /// <summary>Adds every feature's services and options.</summary>
    public static WebApplicationBuilder AddWebFront(this WebApplicationBuilder builder)
    {
        builder.AddListening();
        builder.AddPipelineConfiguration();
        builder.AddLogFormat();
        builder.AddProblems();
        builder.AddPipeline();
        builder.AddCache();
        builder.AddSignIn();
        builder.AddSales();
        builder.AddDashboard();
        builder.AddHealth();
        builder.AddMetrics();
        builder.AddApiDocumentation();
        return builder;
    }

    /// <summary>Puts the features into the request pipeline.</summary>
    public static WebApplication UseWebFront(this WebApplication app)
    {
        app.CheckMarts();
        app.WakeWatcherAfterTransform();
        app.UseSecurityHeaders();
        app.UseProblems();
        app.UseSignIn();
        app.MapSignIn();
        app.MapSales();
        app.MapPipelineFeature();
        app.MapDashboard();
        app.MapCacheAdmin();
        app.MapHealth();
        app.MapMetrics();
        app.MapApiDocumentation();
        return app;
    }
}
