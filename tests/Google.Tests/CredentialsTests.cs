using System.Security.Cryptography;
using System.Text.Json;
using TransactionPipeline.Core.Google;
using TransactionPipeline.Core.Marts;
using static TransactionPipeline.Google.Tests.GoogleFixture;

namespace TransactionPipeline.Google.Tests;

public sealed class CredentialsTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("google-test-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task KeyFile_IsExchangedForAToken()
    {
        await using var google = await StartAsync(fixture =>
        {
            fixture.StandIn.Token = "from-the-key";
            fixture.Tokens = new GoogleAccessTokens(WriteKeyFile(fixture.StandIn.Endpoint));
        });
        await google.LoadAsync(Sample);
        Assert.Equal(0, google.StandIn.Calls.Count("token"));
        Assert.DoesNotContain("from-the-key", google.Logs.All, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"type":"service_account","private_key":"secret-key-text"}""")]
    public async Task KeyFile_NotOne_SaysWhichSettingToCheck(string content)
    {
        var file = Path.Combine(_directory.FullName, "key.json");
        await File.WriteAllTextAsync(file, content);
        await using var google = await StartAsync(fixture => fixture.Tokens = new GoogleAccessTokens(file), prepare: false);

        var failed = await Assert.ThrowsAsync<MartException>(() => google.TokenAsync());

        Assert.Equal(MartFailure.Failed, failed.Failure);
        Assert.Contains("google:credentials_file", failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-key-text", $"{failed}{google.Logs.All}", StringComparison.Ordinal);
        Assert.DoesNotContain(_directory.FullName, failed.Message, StringComparison.Ordinal);
    }

    // A key of no account: made for this test, worth nothing elsewhere.
    private string WriteKeyFile(Uri endpoint)
    {
        using var key = RSA.Create(2048);
        var file = Path.Combine(_directory.FullName, "key.json");
        File.WriteAllText(file, JsonSerializer.Serialize(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["type"] = "service_account",
            ["project_id"] = Project,
            ["private_key_id"] = "1",
            ["private_key"] = key.ExportPkcs8PrivateKeyPem(),
            ["client_email"] = "test@example.invalid",
            ["client_id"] = "1",
            ["token_uri"] = new Uri(endpoint, "token").ToString(),
        }));
        return file;
    }
}
