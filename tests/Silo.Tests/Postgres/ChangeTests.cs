namespace TransactionPipeline.Silo.Tests.Postgres;

/// <summary>After a transform every replica serves the new rows, however it hears of them. How soon is a figure of the benchmark.</summary>
[Collection(PostgresCollection.Name)]
public sealed class ChangeTests(PostgresFixture server) : IAsyncLifetime
{
    private const int Few = 10;
    private const int Many = 100;

    private Replicas _replicas = null!;

    public async Task InitializeAsync() => _replicas = await Replicas.CreateAsync(server);

    public async Task DisposeAsync() => await _replicas.DisposeAsync();

    [Fact]
    public Task Get_Changes_ReachEveryReplicaByNotificationAlone() => ByNotificationAloneAsync(Few);

    [Fact]
    [Trait("Tier", "Long")]
    public Task Get_ManyChanges_ReachEveryReplicaByNotificationAlone() => ByNotificationAloneAsync(Many);

    [Fact]
    public Task Get_ChangesWhileListenIsCut_ReachEveryReplica() => WhileListenIsCutAsync(Few);

    [Fact]
    [Trait("Tier", "Long")]
    public Task Get_ManyChangesWhileListenIsCut_ReachEveryReplica() => WhileListenIsCutAsync(Many);

    [Fact]
    public Task Get_ChangesThatNoReplicaIsNotifiedOf_ReachEveryReplicaByThePoll() => ByThePollAsync(Few);

    [Fact]
    [Trait("Tier", "Long")]
    public Task Get_ManyChangesThatNoReplicaIsNotifiedOf_ReachEveryReplicaByThePoll() => ByThePollAsync(Many);

    [Fact]
    public Task Get_ChangesAfterRestartsOfPostgres_ReachEveryReplica() => AfterRestartsAsync(Few);

    [Fact]
    [Trait("Tier", "Long")]
    public Task Get_ManyChangesAfterRestartsOfPostgres_ReachEveryReplica() => AfterRestartsAsync(Many);

    private async Task ByNotificationAloneAsync(int changes)
    {
        // Neither a poll nor the age of an answer lets anybody look at the mart in this test's time.
        await _replicas.StartAsync(3, new() { ["cache__poll_seconds"] = "3600", ["cache__fresh_for_seconds"] = "3600" });

        Assert.Equal(changes, (await Changes.FollowAsync(_replicas, changes)).Count);
    }

    private async Task WhileListenIsCutAsync(int changes)
    {
        await _replicas.StartAsync(3);

        var cut = 0L;
        await Changes.FollowAsync(_replicas, changes, beforeTransform: async () => cut += await _replicas.CutListenersAsync());

        Assert.InRange(cut, 2 * changes, 3 * changes);
    }

    private async Task ByThePollAsync(int changes)
    {
        await using var proxy = new TcpProxy(server.Port);
        await _replicas.StartAsync(3, Replicas.Over(proxy.Port));
        // From here on whoever listens is cut off, and what listens anew is never answered.
        proxy.Silence("LISTEN ");
        await _replicas.CutListenersAsync();
        foreach (var replica in _replicas.All) await replica.Log.WaitForAsync("Changes are not heard of at once at present");

        await Changes.FollowAsync(_replicas, changes, monthsAtOnce: 4);

        foreach (var replica in _replicas.All) Assert.DoesNotContain("Changes are heard of at once again", replica.Log.Text, StringComparison.Ordinal);
    }

    private async Task AfterRestartsAsync(int changes)
    {
        await _replicas.StartAsync(3);

        await Changes.FollowAsync(_replicas, changes, monthsAtOnce: 5, beforeRound: async () =>
        {
            await server.StopAsync();
            await server.StartAsync();
        });
    }
}
