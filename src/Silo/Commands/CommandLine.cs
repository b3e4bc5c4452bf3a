using System.CommandLine;
using TransactionPipeline.Web.Hosting;
using TransactionPipeline.Web.Pipeline;
using TransactionPipeline.Web.SignIn;

namespace TransactionPipeline.Silo.Commands;

/// <summary>What the program does instead of serving when its first argument is a command.</summary>
internal static class CommandLine
{
    private static readonly string[] HelpOptions = ["--help", "-h", "-?", "/?", "--version"];

    /// <summary>False when the arguments are settings of the server, such as <c>--urls http://localhost:8000</c>.</summary>
    public static bool IsCommand(string[] args) =>
        args.Length > 0 && (HelpOptions.Contains(args[0], StringComparer.Ordinal)
            || Create().Subcommands.Any(command => string.Equals(command.Name, args[0], StringComparison.Ordinal)));

    /// <summary>Runs the command; its exit code.</summary>
    /// <exception cref="StartRefusedException">A setting is wrong.</exception>
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            // Not the library's own handler: it prints a stack trace before anybody can say which setting to mend.
            return await Create().Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("Stopped.");
            return 1;
        }
    }

    private static RootCommand Create() => new("Sales transactions in, cached monthly answers out. Without a command it serves.")
    {
        LoadCommand.Create(() => CreateHost(builder => builder.AddPipelineCore())),
        GenerateCommand.Create(),
        PipelineCommand.Create(() => CreateHost(builder => builder.AddPipelineCore())),
        UsersCommand.Create(() => CreateHost(builder => builder.AddUsers())),
        HealthCommand.Create(),
    };

    // The same configuration as the server's, so that a command works on the same state, also while the server runs.
    private static IHost CreateHost(Action<IHostApplicationBuilder> add)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings
        {
            // A host without a web server knows the other name alone.
            EnvironmentName = Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT") ?? Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT"),
        });
        builder.AddPipelineConfiguration();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        add(builder);
        return builder.Build();
    }
}
