using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TransactionPipeline.Core.Configuration;
using TransactionPipeline.Core.Users;
using TransactionPipeline.Web.Hosting;
using TransactionPipeline.Web.SignIn;

namespace TransactionPipeline.Web.Tests.SignIn;

public sealed class TokenKeyTests : IDisposable
{
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("transaction-pipeline-");
    private readonly CapturedLogs _logs = new();

    public void Dispose() => _state.Delete(recursive: true);

    [Theory]
    [InlineData("Production", SecurityOptions.DefaultJwtSecret, "default")]
    [InlineData("Staging", SecurityOptions.DefaultJwtSecret, "default")]
    [InlineData("Production", "only 31 bytes, so not enough...", "32 bytes")]
    [InlineData("Production", "", "32 bytes")]
    public void Resolve_WeakSecretOutsideDevelopment_RefusesInOneLineNamingTheSetting(string environment, string secret, string reason)
    {
        var refused = Assert.Throws<StartRefusedException>(() => Resolve(environment, secret));

        Assert.Contains("security__jwt_secret", refused.Message, StringComparison.Ordinal);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        if (secret.Length > 0) Assert.DoesNotContain(secret, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Production")]
    [InlineData("Development")]
    public void Resolve_LongSecret_IsUsedAndNotLogged(string environment)
    {
        Assert.Equal(System.Text.Encoding.UTF8.GetBytes(WebAppFixture.JwtSecret), Resolve(environment, WebAppFixture.JwtSecret));
        Assert.Empty(_logs.Entries);
        Assert.Empty(_state.GetFiles());
    }

    [Fact]
    public void Resolve_Development_MakesAKeyOfThisMachineOnceAndSaysSo()
    {
        var first = Resolve("Development", SecurityOptions.DefaultJwtSecret);
        var second = Resolve("Development", "short");

        Assert.Equal(first, second);
        Assert.Equal(TokenKey.MinBytes, first.Length);
        var file = Assert.Single(_state.GetFiles());
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, file.UnixFileMode);
        Assert.Equal(2, _logs.Entries.Count);
        Assert.All(_logs.Entries, log => Assert.Contains(file.FullName, log.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Resolve_ManyProcessesStartTogether_AllHaveTheSameKey()
    {
        // Often, since the moment in which two can make a key is short.
        for (var round = 0; round < 50; round++)
        {
            using var together = new Barrier(4);
            var keys = await Task.WhenAll(Enumerable.Range(0, together.ParticipantCount).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    together.SignalAndWait();
                    return Resolve("Development", "");
                }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

            Assert.Single(keys.Select(Convert.ToHexString).Distinct());
            Assert.Single(_state.GetFiles()).Delete();
        }
    }

    [Fact]
    public void Resolve_FirstProcessKilledBeforeItsKeyWasWritten_MakesAnother()
    {
        File.WriteAllBytes(Path.Combine(_state.FullName, "development.key"), []);

        var key = Resolve("Development", "");

        Assert.Equal(TokenKey.MinBytes, key.Length);
        Assert.Equal(key, Resolve("Development", ""));
    }

    private byte[] Resolve(string environment, string secret)
    {
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(_logs));
        return TokenKey.Resolve(new SecurityOptions { JwtSecret = secret }, new Named(environment),
            new StateOptions(_state.FullName), loggers.CreateLogger<TokenKey>()).Key.Key;
    }

    private sealed class Named(string name) : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = name;

        public string ApplicationName { get; set; } = "";

        public string ContentRootPath { get; set; } = "";

        public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
    }
}
