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
    /// <exception cref="StartRefusedException">A setting is wrong; the message names it and what is allowed.</exception>
    public static IHostApplicationBuilder AddPipelineConfiguration(this IHostApplicationBuilder builder)
    {
        var file = ResolveFile(builder.Configuration[FileSetting] ?? DefaultFile, builder.Environment.ContentRootPath);
        builder.Configuration.Sources.Insert(0, new ChainedConfigurationSource { Configuration = ReadYaml(file) });
        KnownSettings.Check(builder.Configuration);

        Bind<IngestionOptions>(builder, "ingestion", options => options.Problem);
        Bind<OrchestrationOptions>(builder, "orchestration", options => options.Problem);
        Bind<SecurityOptions>(builder, "security");
        Bind<CacheOptions>(builder, "cache", options => options.Problem);
        Bind<MartsOptions>(builder, "marts");
        builder.Services.AddSingleton(ReadState(builder));
        return builder;
    }

    /// <summary>A file that ships with the app: in the content root, else beside the binaries.</summary>
    public static string ResolveFile(string path, string contentRoot)
    {
        var inContentRoot = Path.GetFullPath(path, contentRoot);
        return File.Exists(inContentRoot) || Path.IsPathRooted(path) ? inContentRoot : Path.Combine(AppContext.BaseDirectory, path);
    }

    private static IConfigurationRoot ReadYaml(string file)
    {
        try
        {
            return new ConfigurationBuilder().AddYamlFile(file).Build();
        }
        catch (InvalidDataException broken)
        {
            throw new StartRefusedException(broken.Message);
        }
    }

    // Tried now: later it would be met in the middle of things, by whatever writes there first.
    private static StateOptions ReadState(IHostApplicationBuilder builder)
    {
        var setting = builder.Configuration["state_directory"] ?? "var";
        var state = new StateOptions(Path.GetFullPath(setting, builder.Environment.ContentRootPath));
        try
        {
            state.Create();
            File.Create(state.PathOf($"{Guid.NewGuid():N}.tmp"), 1, FileOptions.DeleteOnClose).Dispose();
            return state;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException($"state_directory is '{setting}'; it must be a directory that this user may write, or may make.");
        }
    }

    private static void Bind<TOptions>(IHostApplicationBuilder builder, string section, Func<TOptions, string?>? findProblem = null)
        where TOptions : class, new()
    {
        var options = builder.Configuration.Read<TOptions>(section);
        if (findProblem?.Invoke(options) is { } problem) throw new StartRefusedException(problem);
        builder.Services.AddOptions<TOptions>().Bind(builder.Configuration.GetSection(section));
    }
}
