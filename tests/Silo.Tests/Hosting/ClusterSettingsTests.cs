using Microsoft.Extensions.Configuration;
using TransactionPipeline.Silo.Hosting;
using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Silo.Tests.Hosting;

public sealed class ClusterSettingsTests
{
    [Fact]
    public void Read_NothingSet_IsLocalhostWithTheUsualPorts()
    {
        var settings = Read();

        Assert.Equal(("localhost", 11111, 30000, null), (settings.Provider, settings.SiloPort, settings.GatewayPort, settings.Primary));
        Assert.Equal(("transaction-pipeline-3", "transaction-pipeline"), (settings.ClusterId, settings.ServiceId));
        Assert.Equal(TimeSpan.Zero, settings.Drain);
    }

    [Fact]
    public void Read_InAPod_DrainsForAsLongAsAServiceNeeds() =>
        Assert.Equal(TimeSpan.FromSeconds(5), Read(("provider", "kubernetes"), ("pod_ip", "10.0.0.7")).Drain);

    [Theory]
    [InlineData("provider", "consul")]
    [InlineData("provider", "kubernetes", "pod_ip")]
    [InlineData("cluster_id", " ")]
    [InlineData("service_id", "")]
    [InlineData("silo_port", "0")]
    [InlineData("silo_port", "many")]
    [InlineData("gateway_port", "11111")]
    [InlineData("port_offset", "1")]
    [InlineData("primary", "localhost")]
    [InlineData("primary", "127.0.0.1")]
    [InlineData("primary", "10.0.0.1:11111")]
    [InlineData("api_server", "10.0.0.1")]
    [InlineData("drain_seconds", "301")]
    [InlineData("owner_timeout_seconds", "0")]
    [InlineData("idle_minutes", "1")]
    [InlineData("probe_seconds", "0")]
    [InlineData("missed_probes", "0")]
    public void Read_OneWrong_MessageNamesIt(string name, string value, string? named = null)
    {
        var refused = Assert.Throws<StartRefusedException>(() => Read((name, value)));

        Assert.Contains(named ?? name, refused.Message, StringComparison.Ordinal);
    }

    private static ClusterSettings Read(params (string Name, string Value)[] settings) => ClusterSettingsReader.Read(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(one => KeyValuePair.Create($"cluster:{one.Name}", (string?)one.Value))).Build());
}
