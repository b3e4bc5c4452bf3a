using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Configuration;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Pipeline;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Web.Hosting;

/// <summary>The one place where settings become options: pipeline_config.yaml below, environment and command line above.</summary>
public static class PipelineConfiguration
{
    private const string FileSetting = "pipeline_config";
    private const string DefaultFile = "data/pipeline_config.yaml";

    /// <summary>Adds pipeline_config.yaml under every other source, and binds the options of all features.</summary>
    public static IHostApplicationBuilder AddPipelineConfiguration(this IHostApplicationBuilder builder)
    {
        var file = ResolveFile(builder.Configuration[FileSetting] ?? DefaultFile, builder.Environment.ContentRootPath);
        var yaml = new ConfigurationBuilder().AddYamlFile(file).Build();
        builder.Configuration.Sources.Insert(0, new ChainedConfigurationSource { Configuration = yaml });

        Bind<IngestionOptions>(builder, "ingestion");
        Bind<OrchestrationOptions>(builder, "orchestration");
        Bind<SecurityOptions>(builder, "security");
        Bind<CacheOptions>(builder, "cache");
        Bind<MartsOptions>(builder, "marts");
        builder.Services.AddSingleton(new StateOptions(Path.GetFullPath(
            builder.Configuration["state_directory"] ?? "var", builder.Environment.ContentRootPath)));
        return builder;
    }

    /// <summary>A file that ships with the app: in the content root, else beside the binaries.</summary>
    public static string ResolveFile(string path, string contentRoot)
    {
        var inContentRoot = Path.GetFullPath(path, contentRoot);
        return File.Exists(inContentRoot) || Path.IsPathRooted(path) ? inContentRoot : Path.Combine(AppContext.BaseDirectory, path);
    }

    private static void Bind<TOptions>(IHostApplicationBuilder builder, string section)
        where TOptions : class =>
        builder.Services.AddOptions<TOptions>().Bind(builder.Configuration.GetSection(section));
}
