using Microsoft.Extensions.DependencyInjection;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Silo.Tests.Grains;

/// <summary>Which holders of leases a silo takes for ended. One store may serve clusters that know nothing of each other.</summary>
public sealed class LeaseHoldersTests
{
    [Fact]
    public async Task HasEnded_TellsTheClustersOwnDeadFromOtherClustersLiving()
    {
        await using var cluster = await SiloCluster.StartAsync();
        var (first, second) = (cluster.Silos[0], cluster.Silos[1]);
        var holders = first.ServiceProvider.GetRequiredService<ILeaseHolders>();
        var machine = Environment.MachineName;
        var own = first.SiloAddress;
        var predecessor = SiloAddress.New(own.Endpoint, own.Generation - 1).ToParsableString();
        Assert.Equal($"{machine}|{own.ToParsableString()}", holders.Own);

        Assert.False(holders.HasEnded($"{holders.Own}/7"), "itself");
        Assert.False(holders.HasEnded($"{machine}|{second.SiloAddress.ToParsableString()}/7"), "a silo of its cluster");
        Assert.True(holders.HasEnded($"{machine}|{predecessor}/7"), "the one before it at its address");
        Assert.False(holders.HasEnded($"another-machine|{predecessor}/7"), "one at the same loopback address of another machine");
        Assert.False(holders.HasEnded($"{predecessor}/7"), "one whose machine is not told");
        Assert.False(holders.HasEnded($"{machine}|{SiloAddress.New(own.Endpoint, own.Generation + 1).ToParsableString()}/7"), "a later one");
        foreach (var other in new[] { "", "/", "|", "|/", "machine:12:ab", "machine|", "a/b|c", $"{machine}|/1" }) Assert.False(holders.HasEnded(other), other);

        await Phase.InTimeAsync(cluster.Cluster.KillSiloAsync(second), "the end of the second silo");
        await Phase.UntilAsync(() => holders.HasEnded($"another-machine|{second.SiloAddress.ToParsableString()}/7"), "the end of a silo of its cluster, whatever its machine");
    }
}
