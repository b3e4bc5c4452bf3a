using Microsoft.Extensions.DependencyInjection;
using TransactionPipeline.Core.Cache;

namespace TransactionPipeline.Silo.Tests.Grains;

/// <summary>Rows that are too large for one message between silos.</summary>
[Collection(PostgresCollection.Name)]
public sealed class LargeSnapshotTests(PostgresFixture server)
{
    [Fact]
    public async Task Get_RowsInTheStore_AreLoadedFromThereByTheAsker()
    {
        await using var cluster = await SiloCluster.StartAsync(maxMessageBytes: 16);
        var gate = cluster.Source.Gate = new();
        var asking = cluster.Silos.Select(silo => SiloCluster.AskAsync(silo)).ToList();
        // All have found nothing in the store by then, and wait for the owner.
        await Phase.UntilAsync(() => cluster.Counter.Asked == 3, "a question of every silo");
        gate.SetResult();
        var answers = await Phase.InTimeAsync(Task.WhenAll(asking), "the answers");

        Assert.All(answers, answer => Assert.Equal((answers[0].Snapshot.Version, 1m), (answer.Snapshot.Version, SiloCluster.Total(answer))));
        Assert.Equal((1, 0), (cluster.Source.Reads, cluster.Counter.Pieces));
    }

    [Fact]
    public async Task Get_RowsNotInTheStore_ComeFromTheOwnerInPieces()
    {
        await using var cluster = await SiloCluster.StartAsync(maxMessageBytes: 16);
        var first = await Phase.InTimeAsync(SiloCluster.AskAsync(cluster.Silos[0]), "the first answer");
        var owner = Assert.Single(cluster.Owners());
        await owner.ServiceProvider.GetRequiredService<ISnapshotStore>().RemoveAsync(SiloCluster.Key, CancellationToken.None);

        var others = cluster.Silos.Where(silo => silo != owner && SiloCluster.CopyVersion(silo) == SnapshotVersion.None).ToList();
        var answers = await Phase.InTimeAsync(Task.WhenAll(others.Select(silo => SiloCluster.AskAsync(silo))), "the others' answers");

        Assert.All(answers, answer => Assert.Equal((first.Snapshot.Version, 1m), (answer.Snapshot.Version, SiloCluster.Total(answer))));
        Assert.Equal(1, cluster.Source.Reads);
        Assert.InRange(cluster.Counter.Pieces, 2 * others.Count, 100 * others.Count);
    }

    [Fact]
    public async Task Get_StoreAway_RowsComeFromTheOwnerInPieces()
    {
        var postgres = await server.CreateDatabaseAsync();
        await using var cluster = await SiloCluster.StartAsync(postgres: postgres, maxMessageBytes: 16);
        var first = await Phase.InTimeAsync(SiloCluster.AskAsync(cluster.Silos[0]), "the first answer");
        var owner = Assert.Single(cluster.Owners());
        await server.ExecuteAsync(postgres.Database, "ALTER TABLE leases RENAME TO leases_away; ALTER TABLE snapshots RENAME TO snapshots_away");

        var other = cluster.Silos.First(silo => silo != owner && SiloCluster.CopyVersion(silo) == SnapshotVersion.None);
        var answer = await Phase.InTimeAsync(SiloCluster.AskAsync(other), "the other's answer");

        Assert.Equal((first.Snapshot.Version, 1m), (answer.Snapshot.Version, SiloCluster.Total(answer)));
        Assert.Equal(1, cluster.Source.Reads);
        Assert.InRange(cluster.Counter.Pieces, 2, 100);
    }
}
