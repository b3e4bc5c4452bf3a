using System.Data.Common;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Web.SignIn;

/// <summary>In Development, gives an empty user store an admin, so that the first command already leads to answers.</summary>
internal sealed partial class DevelopmentAdmin(
    IUserStore users, UserAdministration administration, IHostEnvironment environment, ILogger<DevelopmentAdmin> logger)
    : IHostedLifecycleService
{
    private const string Name = "admin";
    private const string Password = "password123";

    // Starting comes before the server listens: nobody finds the app up and the admin missing.
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        try
        {
            if ((await users.ListAsync(cancellationToken)).Count > 0) return;
        }
        catch (DbException away)
        {
            // The app starts all the same, and signs users in as soon as the store is back.
            LogUnknown(logger, away);
            return;
        }
        if (!environment.IsDevelopment()) LogNobody(logger);
        else if (await administration.AddAsync(Name, Password, Roles.All, cancellationToken)) LogAdded(logger, Name, Password);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(LogLevel.Warning,
        "Development: there was no user, so {User} with the password {Password} and all roles has been added. Never let this face a network.")]
    private static partial void LogAdded(ILogger logger, string user, string password);

    [LoggerMessage(LogLevel.Warning, "The users cannot be read at present, so nobody can sign in yet")]
    private static partial void LogUnknown(ILogger logger, Exception error);

    [LoggerMessage(LogLevel.Warning, "There is no user, so nobody can sign in. Add one with the command: users add NAME")]
    private static partial void LogNobody(ILogger logger);
}
