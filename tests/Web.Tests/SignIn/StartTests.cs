using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Web.Tests.SignIn;

public sealed class StartTests
{
    [Fact]
    public async Task Start_ProductionWithDefaultSecret_ExitsWithOneLine()
    {
        var state = Directory.CreateTempSubdirectory("transaction-pipeline-");
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        using var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            Environment =
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Production",
                ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
                ["state_directory"] = state.FullName,
            },
        })!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
            var error = await process.StandardError.ReadToEndAsync(timeout.Token);
            await process.WaitForExitAsync(timeout.Token);

            Assert.Equal(1, process.ExitCode);
            Assert.StartsWith("Refusing to start in Production: security__jwt_secret", error, StringComparison.Ordinal);
            Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
            Assert.DoesNotContain(" at ", await output, StringComparison.Ordinal);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
            state.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Start_DevelopmentWithoutUsers_AddsTheAdminAndWarnsOnce()
    {
        await using var app = new WebAppFixture();

        var admin = Assert.Single(await app.Provider.GetRequiredService<IUserStore>().ListAsync(CancellationToken.None));

        Assert.Equal(("admin", false), (admin.Name, admin.Disabled));
        Assert.Equal(Roles.All, admin.Roles);
        var warning = Assert.Single(app.Logs.Entries, log => log.Level == LogLevel.Warning && log.Category.Contains("SignIn", StringComparison.Ordinal));
        Assert.Contains("admin with the password password123", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ProductionWithoutUsers_AddsNobodyAndSaysHowTo()
    {
        await using var app = new WebAppFixture { Environment = "Production" };

        Assert.Empty(await app.Provider.GetRequiredService<IUserStore>().ListAsync(CancellationToken.None));

        Assert.Contains(app.Logs.Entries, log => log.Message.Contains("users add", StringComparison.Ordinal));
        Assert.DoesNotContain(app.Logs.Entries, log => log.Message.Contains("password123", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_Anywhere_NeverLogsTheSecret()
    {
        await using var app = new WebAppFixture();
        await app.TokenAsync("admin", "password123");

        Assert.DoesNotContain(app.Logs.Entries, log => log.Message.Contains(WebAppFixture.JwtSecret, StringComparison.Ordinal));
    }
}
