using System.Security.Cryptography;
using System.Text.Json;
using TransactionPipeline.Core.Google;
using TransactionPipeline.Core.Marts;
using static TransactionPipeline.Google.Tests.GoogleFixture;

namespace TransactionPipeline.Google.Tests;

public sealed class CredentialsTests : IDisposable
{
    private const string SubjectToken = "the-pods-own-token";

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

    [Fact]
    public async Task ApplicationDefaultCredentials_TheFileOfTheEnvironment_IsExchangedForAToken()
    {
        // The library reads it once for each process: no other test may use application default credentials.
        const string variable = "GOOGLE_APPLICATION_CREDENTIALS";
        var before = Environment.GetEnvironmentVariable(variable);
        try
        {
            await using var google = await StartAsync(fixture =>
            {
                fixture.StandIn.Token = "by-default";
                Environment.SetEnvironmentVariable(variable, WriteKeyFile(fixture.StandIn.Endpoint));
                fixture.Tokens = new GoogleAccessTokens("");
            });
            await google.LoadAsync(Sample);
            Assert.DoesNotContain("by-default", google.Logs.All, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable(variable, before);
        }
    }

    [Fact]
    public async Task WorkloadIdentity_TheSubjectsTokenFile_IsExchangedForAToken()
    {
        await using var google = await StartAsync(fixture =>
        {
            fixture.StandIn.Token = "from-the-workload";
            fixture.Tokens = new GoogleAccessTokens(WriteWorkloadFile(fixture.StandIn.Endpoint));
        });
        await google.LoadAsync(Sample);
        Assert.DoesNotContain("from-the-workload", google.Logs.All, StringComparison.Ordinal);
        Assert.DoesNotContain(SubjectToken, google.Logs.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WorkloadIdentity_NoSubjectToken_SaysWhichSettingToCheck()
    {
        await using var google = await StartAsync(
            fixture => fixture.Tokens = new GoogleAccessTokens(WriteWorkloadFile(fixture.StandIn.Endpoint)), prepare: false);
        File.Delete(Path.Combine(_directory.FullName, "subject-token"));

        var failed = await Assert.ThrowsAsync<MartException>(() => google.TokenAsync());

        Assert.Equal(MartFailure.Failed, failed.Failure);
        Assert.Contains("workload identity", failed.Message, StringComparison.Ordinal);
        foreach (var secret in (string[])[_directory.FullName, "127.0.0.1", "some-pool"])
            Assert.DoesNotContain(secret, $"{failed}{google.Logs.All}", StringComparison.Ordinal);
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
        Assert.DoesNotContain(_directory.FullName, $"{failed}{google.Logs.All}", StringComparison.Ordinal);
    }

    /// <summary>As <c>gcloud iam workload-identity-pools create-cred-config</c> writes it; the pod's token is in a file of its own.</summary>
    private string WriteWorkloadFile(Uri endpoint)
    {
        var subject = Path.Combine(_directory.FullName, "subject-token");
        File.WriteAllText(subject, SubjectToken);
        var file = Path.Combine(_directory.FullName, "workload.json");
        File.WriteAllText(file, JsonSerializer.Serialize(new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["type"] = "external_account",
            ["audience"] = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/some-pool/providers/some-provider",
            ["subject_token_type"] = "urn:ietf:params:oauth:token-type:jwt",
            ["token_url"] = new Uri(endpoint, "token").ToString(),
            ["credential_source"] = new Dictionary<string, string>(StringComparer.Ordinal) { ["file"] = subject },
        }));
        return file;
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
