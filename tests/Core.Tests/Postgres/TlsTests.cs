using Npgsql;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store.Postgres;

namespace TransactionPipeline.Core.Tests.Postgres;

/// <summary>Encrypted connections to a server whose certificate the test has made.</summary>
[Collection(PostgresCollection.Name)]
public sealed class TlsTests(TlsTests.TlsServer encrypted, PostgresFixture plain) : IClassFixture<TlsTests.TlsServer>, IDisposable
{
    private readonly TempDirectory _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("verify-full", "localhost")]
    [InlineData("verify-ca", "localhost")]
    [InlineData("verify-ca", "127.0.0.1")]
    public async Task Open_CertificateOfTheGivenRoot_IsEncrypted(string mode, string host) =>
        Assert.True(await IsEncryptedAsync(encrypted, mode, host, encrypted.Certificates.Root));

    [Theory]
    [InlineData("require")]
    [InlineData("prefer")]
    public async Task Open_NoVerification_IsEncryptedAllTheSame(string mode) =>
        Assert.True(await IsEncryptedAsync(encrypted, mode, "127.0.0.1", root: null));

    [Theory]
    [InlineData("verify-full", "localhost", true)]
    [InlineData("verify-ca", "localhost", true)]
    [InlineData("verify-full", "127.0.0.1", false)]
    public async Task Open_OtherRootOrName_IsRefusedInWords(string mode, string host, bool otherRoot)
    {
        var refused = await Assert.ThrowsAsync<PostgresFailure>(
            () => IsEncryptedAsync(encrypted, mode, host, (otherRoot ? new TestCertificates() : encrypted.Certificates).Root));

        Assert.Equal(MartFailure.Failed, refused.Kind);
        Assert.Contains("data_warehouse:postgres:sslmode and root_certificate", refused.Message, StringComparison.Ordinal);
        foreach (var secret in new[] { host, PostgresServer.User, PostgresServer.Password, _files.Path })
            Assert.DoesNotContain(secret, $"{refused}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_ServerWithoutTls_IsRefusedInWords()
    {
        var refused = await Assert.ThrowsAsync<PostgresFailure>(() => IsEncryptedAsync(plain, "require", "127.0.0.1", root: null));

        Assert.Equal(MartFailure.Failed, refused.Kind);
        Assert.Contains("data_warehouse:postgres:sslmode", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_RootCertificateThatIsNotThere_NamesTheSetting() =>
        Assert.Contains(
            "data_warehouse:postgres:root_certificate",
            new PostgresOptions { RootCertificate = _files.PathOf("none.pem") }.Problem, StringComparison.Ordinal);

    private async Task<bool> IsEncryptedAsync(PostgresServer server, string mode, string host, string? root)
    {
        var options = server.OptionsFor("postgres");
        options.Host = host;
        options.SslMode = mode;
        if (root is not null) options.RootCertificate = _files.Write("root.pem", root);
        await using var database = new PostgresDatabase(options, TimeProvider.System);
        return await database.RunAsync(
            async (connection, _) =>
            {
                await using var ask = new NpgsqlCommand("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", connection);
                return (bool)(await ask.ExecuteScalarAsync())!;
            },
            CancellationToken.None);
    }

    /// <summary>The server, as xunit starts and stops it.</summary>
    public sealed class TlsServer : PostgresServer, IAsyncLifetime
    {
        internal TestCertificates Certificates { get; } = new();

        async Task IAsyncLifetime.InitializeAsync()
        {
            await InitializeAsync();
            await EnableTlsAsync(Certificates.Server, Certificates.ServerKey);
        }
    }
}
