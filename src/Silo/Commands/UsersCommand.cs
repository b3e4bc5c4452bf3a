using System.CommandLine;
using Spectre.Console;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Users;
using TransactionPipeline.Web.SignIn;

namespace TransactionPipeline.Silo.Commands;

/// <summary><c>users add | passwd | roles | disable | enable | list</c>: who may sign in.</summary>
internal static class UsersCommand
{
    private const int Done = 0;
    private const int Refused = 1;

    /// <param name="createHost">A host with the configuration and <see cref="SignInFeature.AddUsers"/>; each command disposes its own.</param>
    /// <param name="input">Where the password is read when not typed; null for standard input when that is redirected.</param>
    public static Command Create(Func<IHost> createHost, TextReader? input = null)
    {
        input ??= Console.IsInputRedirected ? Console.In : null;
        return new Command("users", "Who may sign in")
        {
            Add(createHost, input),
            SetPassword(createHost, input),
            SetRoles(createHost),
            SetDisabled(createHost, "disable", "End a user's sessions and let them sign in no more", disabled: true),
            SetDisabled(createHost, "enable", "Let a disabled user sign in again", disabled: false),
            List(createHost),
        };
    }

    private static Command Add(Func<IHost> createHost, TextReader? input)
    {
        var name = Name();
        var roles = new Option<string[]>("--role")
        {
            Description = "What the user may do; may be given several times",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [Roles.Viewer],
        };
        roles.AcceptOnlyFromAmong([.. Roles.All]);
        var command = new Command("add", "Add a user; the password is asked for, or read from standard input") { name, roles };
        command.SetAction((parsed, cancellationToken) => RunAsync(createHost, parsed, async (context, output) =>
        {
            var user = parsed.GetRequiredValue(name);
            if (UserRules.ProblemOfName(user) is { } problem) return problem;
            if (await context.Users.FindAsync(user, cancellationToken) is not null) return $"There is a user {user} already.";
            if (!PasswordPrompt.TryRead(user, context.MinPasswordLength, output, input, out var password, out problem)) return problem;
            return await context.Administration.AddAsync(user, password, Distinct(parsed.GetRequiredValue(roles)), cancellationToken)
                ? null
                : $"There is a user {user} already.";
        }));
        return command;
    }

    private static Command SetPassword(Func<IHost> createHost, TextReader? input)
    {
        var name = Name();
        var command = new Command("passwd", "Give a user another password; what was signed in before ends") { name };
        command.SetAction((parsed, cancellationToken) => RunAsync(createHost, parsed, async (context, output) =>
        {
            var user = parsed.GetRequiredValue(name);
            if (await context.Users.FindAsync(user, cancellationToken) is null) return Unknown(user);
            if (!PasswordPrompt.TryRead(user, context.MinPasswordLength, output, input, out var password, out var problem)) return problem;
            return await context.Administration.SetPasswordAsync(user, password, cancellationToken) ? null : Unknown(user);
        }));
        return command;
    }

    private static Command SetRoles(Func<IHost> createHost)
    {
        var name = Name();
        var roles = new Argument<string[]>("role") { Description = "Every role the user has from now on", Arity = ArgumentArity.OneOrMore };
        roles.AcceptOnlyFromAmong([.. Roles.All]);
        var command = new Command("roles", "Set what a user may do; what was signed in before ends") { name, roles };
        command.SetAction((parsed, cancellationToken) => RunAsync(createHost, parsed, async (context, _) =>
        {
            var user = parsed.GetRequiredValue(name);
            return await context.Administration.SetRolesAsync(user, Distinct(parsed.GetRequiredValue(roles)), cancellationToken)
                ? null
                : Unknown(user);
        }));
        return command;
    }

    private static Command SetDisabled(Func<IHost> createHost, string verb, string description, bool disabled)
    {
        var name = Name();
        var command = new Command(verb, description) { name };
        command.SetAction((parsed, cancellationToken) => RunAsync(createHost, parsed, async (context, _) =>
        {
            var user = parsed.GetRequiredValue(name);
            return await context.Administration.SetDisabledAsync(user, disabled, cancellationToken) ? null : Unknown(user);
        }));
        return command;
    }

    private static Command List(Func<IHost> createHost)
    {
        var command = new Command("list", "Show every user");
        command.SetAction((parsed, cancellationToken) => RunAsync(createHost, parsed, async (context, output) =>
        {
            var table = new Table().RoundedBorder().AddColumns("user", "roles", "state");
            foreach (var user in await context.Users.ListAsync(cancellationToken))
                table.AddRow(user.Name, string.Join(", ", user.Roles), user.Disabled ? "disabled" : "enabled");
            output.Write(table);
            return null;
        }, quiet: true));
        return command;
    }

    /// <summary>Runs one command: null from <paramref name="run"/> is success, a sentence is why not.</summary>
    private static async Task<int> RunAsync(
        Func<IHost> createHost, ParseResult parsed, Func<Context, IAnsiConsole, Task<string?>> run, bool quiet = false)
    {
        using var host = createHost();
        var output = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(parsed.InvocationConfiguration.Output) });
        string? problem;
        try
        {
            problem = await run(Context.Of(host.Services), output);
        }
        catch (StoreException away)
        {
            problem = away.Message;
        }
        if (problem is not null)
        {
            await parsed.InvocationConfiguration.Error.WriteLineAsync(problem);
            return Refused;
        }
        if (!quiet) output.WriteLine("Done.");
        return Done;
    }

    private static Argument<string> Name() => new("name") { Description = "The user's name" };

    private static string[] Distinct(string[] roles) => [.. Roles.All.Intersect(roles, StringComparer.Ordinal)];

    private static string Unknown(string name) => $"There is no user {name}.";

    private sealed record Context(IUserStore Users, UserAdministration Administration, int MinPasswordLength)
    {
        public static Context Of(IServiceProvider services) => new(
            services.GetRequiredService<IUserStore>(),
            services.GetRequiredService<UserAdministration>(),
            services.GetRequiredService<IHostEnvironment>().IsDevelopment() ? 8 : 12);
    }
}
