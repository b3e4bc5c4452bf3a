using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Time.Testing;
using TransactionPipeline.KubernetesStandIn;
using TransactionPipeline.Silo.Membership.Api;

namespace TransactionPipeline.Silo.Tests.Membership;

/// <summary>Signing in with the files that Kubernetes mounts.</summary>
public sealed class ServiceAccountTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("service-account-").FullName;
    private readonly List<IAsyncDisposable> _open = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _open.Reverse();
        foreach (var one in _open)
        {
            await one.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Token_RotatedAndOldOneRefused_IsReadAgainAtOnce()
    {
        var (server, client) = await StartAsync();
        server.Tokens = ["first"];
        WriteFile("token", "first\n");
        await client.Table.InitializeMembershipTableAsync(true);

        server.Tokens = ["second"];
        WriteFile("token", "second\n");

        Assert.Equal(0, (await client.Table.ReadAllAsync()).Version.Version);
    }

    [Fact]
    public async Task Token_RefusedAndNotRotated_SaysTokenIsTheTrouble()
    {
        var (server, client) = await StartAsync();
        server.Tokens = ["another"];
        WriteFile("token", "mine");

        var thrown = await Assert.ThrowsAsync<KubernetesApiException>(() => client.Table.InitializeMembershipTableAsync(true));

        Assert.Equal(KubernetesFault.Unauthorized, thrown.Fault);
        Assert.DoesNotContain("mine", thrown.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Token_FileReplaced_IsReadAgainWhenAMinuteOld()
    {
        var time = new FakeTimeProvider();
        WriteFile("token", "first");
        var token = new ServiceAccountToken(Path.Combine(_folder, "token"), TimeSpan.FromMinutes(1), time);
        Assert.Equal("first", token.Current);
        WriteFile("token", "second");

        time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal("first", token.Current);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("second", token.Current);
    }

    [Fact]
    public void Token_FileAwayForAMoment_KeepsTheLastOne()
    {
        var time = new FakeTimeProvider();
        WriteFile("token", "first");
        var token = new ServiceAccountToken(Path.Combine(_folder, "token"), TimeSpan.FromMinutes(1), time);
        Assert.Equal("first", token.Current);

        File.Delete(Path.Combine(_folder, "token"));
        time.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal("first", token.Current);
    }

    [Fact]
    public void Token_FileNotReadableForAMoment_KeepsTheLastOne()
    {
        var time = new FakeTimeProvider();
        WriteFile("token", "first");
        var token = new ServiceAccountToken(Path.Combine(_folder, "token"), TimeSpan.FromMinutes(1), time);
        Assert.Equal("first", token.Current);

        // A folder in its place is refused as a file without the right to read it is, also to root.
        File.Delete(Path.Combine(_folder, "token"));
        Directory.CreateDirectory(Path.Combine(_folder, "token"));
        time.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal("first", token.Current);
    }

    [Fact]
    public async Task Namespace_NotSet_IsReadFromTheServiceAccount()
    {
        WriteFile("namespace", MembershipClient.Namespace);
        var (server, client) = await StartAsync(ns: null);

        await client.Table.InitializeMembershipTableAsync(true);

        Assert.All(server.Log.Calls, call => Assert.Equal(MembershipClient.Namespace, call.Namespace));
        Assert.NotEmpty(server.Log.Calls);
    }

    [Fact]
    public async Task Https_CertificateOfTheClustersCa_IsTrusted()
    {
        using var authority = NewAuthority();
        using var certificate = NewCertificate(authority);
        WriteFile("ca.crt", authority.ExportCertificatePem());
        var (_, client) = await StartAsync(certificate);

        await client.Table.InitializeMembershipTableAsync(true);

        Assert.Equal(0, (await client.Table.ReadAllAsync()).Version.Version);
    }

    [Fact]
    public async Task Https_CertificateOfAnotherCa_IsRefusedBeforeTheTokenGoesOut()
    {
        using var authority = NewAuthority();
        using var other = NewAuthority();
        using var certificate = NewCertificate(authority);
        WriteFile("ca.crt", other.ExportCertificatePem());
        WriteFile("token", "mine");
        var (server, client) = await StartAsync(certificate);

        var thrown = await Assert.ThrowsAsync<KubernetesApiException>(() => client.Table.InitializeMembershipTableAsync(true));

        Assert.Equal(KubernetesFault.Unreachable, thrown.Fault);
        Assert.Contains("not signed by the cluster's CA", thrown.Message, StringComparison.Ordinal);
        Assert.Empty(server.Log.Calls);
    }

    private static X509Certificate2 NewAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=cluster", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddMinutes(-5), now.AddHours(2));
    }

    private static X509Certificate2 NewCertificate(X509Certificate2 authority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=kubernetes", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var signed = request.Create(authority, now.AddMinutes(-4), now.AddHours(1), [1, 2, 3, 4]);
        using var whole = signed.CopyWithPrivateKey(key);
        // Through PKCS#12, as the TLS stack of some systems takes no key that lives in memory only.
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), password: null);
    }

    private void WriteFile(string name, string text) => File.WriteAllText(Path.Combine(_folder, name), text);

    private async Task<(KubernetesStandInServer Server, MembershipClient Client)> StartAsync(
        X509Certificate2? certificate = null, string? ns = MembershipClient.Namespace)
    {
        var server = await KubernetesStandInServer.StartAsync(
            new StandInOptions { Namespaces = [MembershipClient.Namespace], Manifests = [Path.Combine(Repository.Chart, "crds")], Certificate = certificate });
        _open.Add(server);
        var client = new MembershipClient(server, "test", options =>
        {
            options.ServiceAccountDirectory = _folder;
            options.Namespace = ns;
        });
        _open.Add(client);
        return (server, client);
    }
}
