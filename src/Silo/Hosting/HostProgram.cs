using Microsoft.AspNetCore.Connections;
using TransactionPipeline.Silo.Commands;
using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Silo.Hosting;

/// <summary>What the program does with its arguments: run the command they name, or serve.</summary>
public static class HostProgram
{
    private const int PortAttempts = 5;

    /// <summary>Runs until the command is done or the app has been stopped.</summary>
    /// <param name="args">The process's arguments.</param>
    /// <param name="build">Puts the app together; not called for a command.</param>
    /// <returns>
    /// The exit code: the command's own; 0 after serving, and when told to stop before that; 1 when it could not start, with the cause in one
    /// line on standard error.
    /// </returns>
    public static async Task<int> RunAsync(string[] args, Func<string[], WebApplication> build)
    {
        try
        {
            InvariantCulture.Use();
            if (CommandLine.IsCommand(args)) return await CommandLine.RunAsync(args);

            await ServeAsync(args, build);
            return 0;
        }
        catch (StartRefusedException refused)
        {
            return await RefuseAsync(refused.Message);
        }
        catch (IOException busy) when (IsInUse(busy))
        {
            return await RefuseAsync(
                $"Refusing to start: {busy.Message.TrimEnd('.')}. Stop what listens there, or name another address, such as ASPNETCORE_URLS=http://localhost:8001.");
        }
        catch (AddressInUseException)
        {
            return await RefuseAsync("Refusing to start: cluster__silo_port or cluster__gateway_port is in use. Stop what listens there, or name other ports.");
        }
    }

    private static async Task ServeAsync(string[] args, Func<string[], WebApplication> build)
    {
        for (var attempt = 1; ; attempt++)
        {
            await using var app = Build(args, build);
            try
            {
                await app.StartAsync(CancellationToken.None);
            }
            // A silo that chose free ports may find that another, started at the same moment, chose the same.
            catch (AddressInUseException) when (attempt < PortAttempts)
            {
                continue;
            }
            catch (Exception ended)
            {
                var isStopped = app.Lifetime.ApplicationStopping.IsCancellationRequested;
                // What has started leaves in order: a silo whose HTTP address is taken must not stay in the membership table. What ended the
                // start is what is to be told, not that a silo in the middle of its own start cannot be stopped.
                await app.StopAsync(CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                // Nor what its parts say while they are taken from each other.
                app.Services.GetRequiredService<ILoggerFactory>().Dispose();
                // Told to stop before it was up: that is no failure.
                if (isStopped) return;
                if (IsInUse(ended)) throw;
                throw ToldInALine(ended);
            }
            await app.WaitForShutdownAsync(CancellationToken.None);
            return;
        }
    }

    private static WebApplication Build(string[] args, Func<string[], WebApplication> build)
    {
        try
        {
            return build(args);
        }
        catch (Exception ended)
        {
            throw ToldInALine(ended);
        }
    }

    private static bool IsInUse(Exception ended) => ended is AddressInUseException or IOException { InnerException: AddressInUseException };

    /// <summary>The cause of an end of the start, with what it happened in: every message once, from the outside in.</summary>
    private static StartRefusedException ToldInALine(Exception ended)
    {
        if (ended is StartRefusedException refused) return refused;
        var messages = new List<string>();
        for (var error = ended; error is not null; error = error.InnerException)
            if (error is not AggregateException && !messages.Exists(told => told.Contains(error.Message, StringComparison.Ordinal))) messages.Add(error.Message);
        return new StartRefusedException($"The start failed: {string.Join(" ", messages)}");
    }

    private static async Task<int> RefuseAsync(string reason)
    {
        await Console.Error.WriteLineAsync(reason.ReplaceLineEndings(" "));
        return 1;
    }
}
