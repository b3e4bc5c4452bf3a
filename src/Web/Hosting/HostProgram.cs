using Microsoft.AspNetCore.Connections;
using TransactionPipeline.Web.Commands;

namespace TransactionPipeline.Web.Hosting;

/// <summary>What every host of this program does with its arguments: run the command they name, or serve.</summary>
public static class HostProgram
{
    /// <summary>Runs until the command is done or the app has been stopped.</summary>
    /// <param name="args">The process's arguments.</param>
    /// <param name="build">Puts the app together; not called for a command.</param>
    /// <returns>The exit code: the command's own; 0 after serving; 1 when a setting is wrong, which standard error then names.</returns>
    public static async Task<int> RunAsync(string[] args, Func<string[], WebApplication> build)
    {
        try
        {
            if (CommandLine.IsCommand(args)) return await CommandLine.RunAsync(args);

            await build(args).RunAsync();
            return 0;
        }
        catch (StartRefusedException refused)
        {
            await Console.Error.WriteLineAsync(refused.Message.ReplaceLineEndings(" "));
            return 1;
        }
        catch (IOException busy) when (busy.InnerException is AddressInUseException)
        {
            await Console.Error.WriteLineAsync($"Refusing to start: {busy.Message.TrimEnd('.')}. Stop what listens there, or name another address with ASPNETCORE_URLS.");
            return 1;
        }
    }
}
