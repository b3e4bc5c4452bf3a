using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace TransactionPipeline.Core.Tests.Postgres;

/// <summary>A certificate authority of one test, and a server's certificate under it, for the name <c>localhost</c>.</summary>
internal sealed class TestCertificates
{
    private static readonly DateTimeOffset From = TimeProvider.System.GetUtcNow().AddDays(-1);
    private static readonly DateTimeOffset Until = From.AddDays(2);

    public TestCertificates()
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var root = new CertificateRequest("CN=Root of a test", rootKey, HashAlgorithmName.SHA256);
        root.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        root.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        using var rootCertificate = root.CreateSelfSigned(From, Until);

        using var serverKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var server = new CertificateRequest("CN=localhost", serverKey, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        server.CertificateExtensions.Add(names.Build());
        using var serverCertificate = server.Create(rootCertificate, From, Until, RandomNumberGenerator.GetBytes(8));

        (Root, Server, ServerKey) = (rootCertificate.ExportCertificatePem(), serverCertificate.ExportCertificatePem(), serverKey.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>The authority's certificate, PEM.</summary>
    public string Root { get; }

    /// <summary>The server's certificate, PEM.</summary>
    public string Server { get; }

    /// <summary>The server's key, PEM.</summary>
    public string ServerKey { get; }
}
