using System.CommandLine;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using TransactionPipeline.Core.Users;
using TransactionPipeline.Silo.Commands;
using TransactionPipeline.Web.Hosting;
using TransactionPipeline.Web.SignIn;

namespace TransactionPipeline.Silo.Tests.Commands;

public sealed class UsersCommandTests : IDisposable
{
    private const string GoodPassword = "correct horse battery";
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("transaction-pipeline-");

    public void Dispose() => _state.Delete(recursive: true);

    [Fact]
    public async Task Add_PasswordFromInput_AddsAViewer()
    {
        var (code, _, error) = await RunAsync("add ann", GoodPassword);

        Assert.Equal((0, ""), (code, error));
        var user = await FindAsync("ann");
        Assert.Equal([Roles.Viewer], user!.Roles);
        Assert.DoesNotContain(GoodPassword, user.PasswordHash, StringComparison.Ordinal);
        // ASP.NET's version 3: format byte, PRF, then the iteration count, big-endian.
        Assert.Equal(210_000, System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(Convert.FromBase64String(user.PasswordHash).AsSpan(5)));
    }

    [Theory]
    [InlineData("add ann", "short", "12 characters")]
    [InlineData("add ann", "", "12 characters")]
    [InlineData("add two;words", GoodPassword, "letters, digits")]
    [InlineData("passwd ann", GoodPassword, "no user ann")]
    [InlineData("disable ann", "", "no user ann")]
    [InlineData("enable ann", "", "no user ann")]
    [InlineData("roles ann viewer", "", "no user ann")]
    [InlineData("roles ann king", "", "king")]
    [InlineData("add ann --role king", GoodPassword, "king")]
    public async Task Command_CannotBeDone_SaysWhyAndExits1(string command, string input, string reason)
    {
        var (code, _, error) = await RunAsync(command, input);

        Assert.Equal(1, code);
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.Null(await FindAsync("ann"));
    }

    [Fact]
    public async Task Add_Development_TakesEightCharacters() =>
        Assert.Equal(0, (await RunAsync("add ann", "8 chars.", "Development")).Code);

    [Fact]
    public async Task Add_NameTaken_IsRefused()
    {
        await RunAsync("add ann", GoodPassword);
        var before = await FindAsync("ann");

        var (code, _, error) = await RunAsync("add ann", "another good password");

        Assert.Equal(1, code);
        Assert.Contains("already", error, StringComparison.Ordinal);
        Assert.Equal(before!.PasswordHash, (await FindAsync("ann"))!.PasswordHash);
    }

    [Fact]
    public async Task EveryChange_GivesANewStamp()
    {
        await RunAsync("add ann --role viewer --role operator", GoodPassword);
        var stamps = new List<string> { (await FindAsync("ann"))!.Stamp };

        foreach (var command in new[] { "passwd ann", "roles ann ingestor viewer", "disable ann", "enable ann" })
        {
            Assert.Equal(0, (await RunAsync(command, GoodPassword)).Code);
            stamps.Add((await FindAsync("ann"))!.Stamp);
        }

        Assert.Equal(5, stamps.Distinct().Count());
        Assert.Equal([Roles.Viewer, Roles.Ingestor], (await FindAsync("ann"))!.Roles);
        Assert.False((await FindAsync("ann"))!.Disabled);
    }

    [Fact]
    public async Task List_SomeUsers_ShowsNameRolesAndState()
    {
        await RunAsync("add ann --role viewer operator", GoodPassword);
        await RunAsync("add bob", GoodPassword);
        await RunAsync("disable bob", "");

        var (code, output, _) = await RunAsync("list", "");

        Assert.Equal(0, code);
        Assert.Matches(@"ann\W+viewer, operator\W+enabled", output);
        Assert.Matches(@"bob\W+viewer\W+disabled", output);
    }

    private async Task<(int Code, string Output, string Error)> RunAsync(string command, string input, string environment = "Production")
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var root = new RootCommand { UsersCommand.Create(() => CreateHost(environment), new StringReader(input)) };
        var code = await root.Parse($"users {command}").InvokeAsync(new InvocationConfiguration { Output = output, Error = error });
        return (code, output.ToString(), error.ToString().Trim());
    }

    private async Task<User?> FindAsync(string name)
    {
        await using var host = CreateHost("Production");
        return await host.Services.GetRequiredService<IUserStore>().FindAsync(name, CancellationToken.None);
    }

    private WebApplication CreateHost(string environment)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = environment });
        builder.Configuration["state_directory"] = _state.FullName;
        builder.AddPipelineConfiguration();
        builder.AddUsers();
        return builder.Build();
    }
}
