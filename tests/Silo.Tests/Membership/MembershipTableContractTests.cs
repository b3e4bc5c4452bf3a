namespace TransactionPipeline.Silo.Tests.Membership;

/// <summary>
/// What Orleans asks of any membership table. The trait <c>Orleans</c> of a test names the scenario of Orleans' own table tests
/// (dotnet/orleans 10.4, <c>MembershipTableTestsBase.cs</c>) that it is the counterpart of.
/// </summary>
public sealed class MembershipTableContractTests : MembershipTests
{
    private const string Orleans = "Orleans";

    private static readonly string[] Scenarios =
    [
        "MembershipTable_CleanupDefunctSiloEntries", "MembershipTable_GetGateways", "MembershipTable_InsertRow",
        "MembershipTable_ReadAll_EmptyTable", "MembershipTable_ReadAll_Insert_ReadAll", "MembershipTable_ReadRow_Insert_Read",
        "MembershipTable_UpdateIAmAlive", "MembershipTable_UpdateRow", "MembershipTable_UpdateRowInParallel",
    ];

    [Fact]
    public void Scenarios_OfOrleansOwnTests_AllHaveACounterpart()
    {
        var named = GetType().GetMethods().SelectMany(test => test.GetCustomAttributesData())
            .Where(one => one.AttributeType == typeof(TraitAttribute))
            .Select(trait => (string)trait.ConstructorArguments[1].Value!).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

        Assert.Equal(Scenarios, named, StringComparer.Ordinal);
    }

    [Fact, Trait(Orleans, "MembershipTable_GetGateways")]
    public async Task GetGateways_SomeActive_GivesActiveWithGatewayPortOnly()
    {
        var silos = Enumerable.Range(0, 10).Select(_ => NewEntry()).ToArray();
        silos[3].Status = SiloStatus.Active;
        silos[3].ProxyPort = 0;
        silos[5].Status = SiloStatus.Active;
        silos[9].Status = SiloStatus.Active;
        foreach (var silo in silos)
        {
            await InsertAsync(silo);
        }

        await Client.Gateways.InitializeGatewayListProviderAsync(CancellationToken.None);
        var gateways = await Client.Gateways.GetGatewaysAsync(CancellationToken.None);

        Assert.Equal(Expected(silos[5], silos[9]), gateways.Select(uri => uri.ToString()).Order(StringComparer.Ordinal), StringComparer.Ordinal);

        static IEnumerable<string> Expected(params MembershipEntry[] active) => active
            .Select(silo => SiloAddress.New(silo.SiloAddress.Endpoint.Address, silo.ProxyPort, silo.SiloAddress.Generation).ToGatewayUri().ToString())
            .Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task GetGateways_NoTableYet_GivesNone()
    {
        await Table.DeleteMembershipTableEntriesAsync(ClusterId);

        Assert.Empty(await Client.Gateways.GetGatewaysAsync(CancellationToken.None));
    }

    [Fact, Trait(Orleans, "MembershipTable_ReadAll_EmptyTable")]
    public async Task ReadAll_EmptyTable_HasVersionZeroAndEtag()
    {
        var data = await Table.ReadAllAsync();

        Assert.Empty(data.Members);
        Assert.Equal(0, data.Version.Version);
        Assert.NotEmpty(data.Version.VersionEtag);
    }

    [Fact, Trait(Orleans, "MembershipTable_InsertRow")]
    public async Task InsertRow_CurrentVersion_RaisesVersionByOne()
    {
        var data = await InsertAsync(NewEntry());

        Assert.Equal(1, data.Version.Version);
        Assert.Single(data.Members);
    }

    [Fact, Trait(Orleans, "MembershipTable_ReadRow_Insert_Read")]
    public async Task InsertRow_SameEntryOldVersion_IsRefused()
    {
        var next = (await Table.ReadAllAsync()).Version.Next();
        var entry = NewEntry();
        Assert.True(await Table.InsertRowAsync(entry, next));

        Assert.False(await Table.InsertRowAsync(entry, next));
    }

    [Fact, Trait(Orleans, "MembershipTable_ReadRow_Insert_Read")]
    public async Task InsertRow_NewEntryOldVersion_IsRefused()
    {
        var next = (await Table.ReadAllAsync()).Version.Next();
        Assert.True(await Table.InsertRowAsync(NewEntry(), next));

        Assert.False(await Table.InsertRowAsync(NewEntry(), next));

        Assert.Equal(1, (await Table.ReadAllAsync()).Version.Version);
    }

    [Fact, Trait(Orleans, "MembershipTable_ReadRow_Insert_Read")]
    public async Task InsertRow_DuplicateWithCurrentVersion_IsRefused()
    {
        var entry = NewEntry();
        var data = await InsertAsync(entry);

        Assert.False(await Table.InsertRowAsync(entry, data.Version.Next()));

        Assert.Single((await Table.ReadAllAsync()).Members);
    }

    [Fact, Trait(Orleans, "MembershipTable_ReadRow_Insert_Read")]
    public async Task ReadRow_Inserted_GivesRowWithNewVersionAndEtag()
    {
        var before = (await Table.ReadAllAsync()).Version.Next();
        var entry = NewEntry();
        Assert.True(await Table.InsertRowAsync(entry, before));
        await InsertAsync(NewEntry());

        var data = await Table.ReadRowAsync(entry.SiloAddress);

        var (read, etag) = Assert.Single(data.Members);
        Assert.Equal(entry.ToFullString(), read.ToFullString());
        Assert.NotEmpty(etag);
        Assert.NotEqual(before.VersionEtag, data.Version.VersionEtag, StringComparer.Ordinal);
        Assert.Equal(2, data.Version.Version);
    }

    [Fact]
    public async Task ReadRow_UnknownSilo_GivesVersionOnly()
    {
        var data = await Table.ReadRowAsync(NewAddress());

        Assert.Empty(data.Members);
        Assert.Equal(0, data.Version.Version);
    }

    [Fact, Trait(Orleans, "MembershipTable_ReadAll_Insert_ReadAll")]
    public async Task ReadAll_Inserted_GivesEveryFieldBack()
    {
        var entry = NewEntry(SiloStatus.ShuttingDown);
        entry.RoleName = "role";
        entry.UpdateZone = 3;
        entry.FaultZone = 4;
        entry.AddSuspector(NewAddress(), entry.StartTime.AddTicks(1234567));

        var (read, etag) = Assert.Single((await InsertAsync(entry)).Members);

        Assert.Equal(entry.ToFullString(), read.ToFullString());
        Assert.Equal(entry.SuspectTimes, read.SuspectTimes);
        Assert.Equal(DateTimeKind.Utc, read.StartTime.Kind);
        Assert.NotEmpty(etag);
    }

    [Fact, Trait(Orleans, "MembershipTable_UpdateRow")]
    public async Task UpdateRow_RightAndWrongEtagsAndVersions_OnlyBothRightGoesThrough()
    {
        for (var i = 1; i < 10; i++)
        {
            var entry = NewEntry();
            entry.AddSuspector(NewAddress(), entry.StartTime.AddSeconds(1));
            entry.AddSuspector(NewAddress(), entry.StartTime.AddSeconds(2));
            var old = (await Table.ReadAllAsync()).Version.Next();
            Assert.True(await Table.InsertRowAsync(entry, old));
            var inserted = await Table.ReadAllAsync();
            var etag = inserted.TryGet(entry.SiloAddress)!.Item2;

            Assert.False(await Table.UpdateRowAsync(entry, etag, old), "right row etag, old table version");
            Assert.False(await Table.UpdateRowAsync(entry, "wrong", inserted.Version.Next()), "wrong row etag, right table version");
            entry.Status = SiloStatus.Active;
            Assert.True(await Table.UpdateRowAsync(entry, etag, inserted.Version.Next()), "both right");
            Assert.False(await Table.UpdateRowAsync(entry, etag, inserted.Version.Next()), "both old");

            var updated = await Table.ReadAllAsync();
            var (read, newEtag) = updated.TryGet(entry.SiloAddress)!;
            Assert.Equal(entry.ToFullString(), read.ToFullString());
            Assert.False(await Table.UpdateRowAsync(entry, newEtag, inserted.Version.Next()), "new row etag, old table version");

            var after = await Table.ReadAllAsync();
            Assert.Equal(newEtag, after.TryGet(entry.SiloAddress)!.Item2);
            Assert.Equal(updated.Version, after.Version);
            Assert.Equal(2 * i, after.Version.Version);
            Assert.Equal(i, after.Members.Count);
        }
    }

    [Fact]
    public async Task UpdateRow_UnknownSilo_IsRefused()
    {
        var data = await InsertAsync(NewEntry());

        Assert.False(await Table.UpdateRowAsync(NewEntry(), "1", data.Version.Next()));
    }

    [Fact, Trait(Orleans, "MembershipTable_UpdateRowInParallel")]
    public async Task UpdateRow_TwentyWritersAtOnce_VersionEndsExactlyAtTwenty()
    {
        var entry = NewEntry();
        var first = (await Table.ReadAllAsync()).Version.Next();
        // A client each, as each silo is a process of its own.
        var writers = Enumerable.Range(0, 20).Select(_ => Connect().Table).ToArray();

        var inserted = await Task.WhenAll(writers.Select(table => table.InsertRowAsync(entry, first)));
        Assert.Single(inserted, won => won);
        await Task.WhenAll(writers.Skip(1).Select(UpdateUntilDoneAsync)).WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System);

        var data = await Table.ReadAllAsync();
        Assert.Equal(20, data.Version.Version);
        Assert.Single(data.Members);

        async Task UpdateUntilDoneAsync(IMembershipTable table)
        {
            while (true)
            {
                var read = await table.ReadAllAsync();
                var (row, etag) = read.TryGet(entry.SiloAddress)!;
                if (await table.UpdateRowAsync(row, etag, read.Version.Next())) return;
            }
        }
    }

    [Fact, Trait(Orleans, "MembershipTable_UpdateIAmAlive")]
    public async Task UpdateIAmAlive_SiloInTable_MovesTimeAndLeavesVersionAndEtags()
    {
        var entry = NewEntry();
        var before = await InsertAsync(entry);
        var alive = TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(5);

        await Table.UpdateIAmAliveAsync(new MembershipEntry { SiloAddress = entry.SiloAddress, IAmAliveTime = alive });

        var after = await Table.ReadAllAsync();
        var (read, etag) = after.TryGet(entry.SiloAddress)!;
        Assert.Equal(alive, read.IAmAliveTime);
        Assert.Equal(before.Version, after.Version);
        Assert.Equal(before.TryGet(entry.SiloAddress)!.Item2, etag);
        Assert.Equal(entry.StartTime, read.StartTime);
    }

    [Fact]
    public async Task UpdateIAmAlive_WhileTableIsWritten_FailsNoWrite()
    {
        var entry = NewEntry();
        var data = await InsertAsync(entry);
        using var stop = new CancellationTokenSource();
        var started = new TaskCompletionSource();
        var beats = Task.Run(async () =>
        {
            var beat = new MembershipEntry { SiloAddress = entry.SiloAddress, IAmAliveTime = entry.IAmAliveTime };
            while (!stop.IsCancellationRequested)
            {
                beat.IAmAliveTime = beat.IAmAliveTime.AddSeconds(1);
                await Table.UpdateIAmAliveAsync(beat);
                started.TrySetResult();
            }
        });
        await started.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);

        for (var i = 0; i < 20; i++)
        {
            var (row, etag) = data.TryGet(entry.SiloAddress)!;
            Assert.True(await Table.UpdateRowAsync(row, etag, data.Version.Next()), $"write {i} was refused");
            data = await Table.ReadAllAsync();
        }

        await stop.CancelAsync();
        await beats;
        Assert.Equal(21, data.Version.Version);
    }

    [Fact, Trait(Orleans, "MembershipTable_CleanupDefunctSiloEntries")]
    public async Task CleanupDefunctSiloEntries_OldAndNew_RemovesOldThatAreNotActive()
    {
        var old = TimeSpan.FromDays(10);
        await InsertAsync(NewEntry(SiloStatus.Dead, old));
        await InsertAsync(NewEntry(SiloStatus.Joining, old));
        var young = NewEntry();
        await InsertAsync(young);
        var oldActive = NewEntry(SiloStatus.Active, old);
        await InsertAsync(oldActive);
        foreach (var status in Enum.GetValues<SiloStatus>().Where(status => status != SiloStatus.Active))
        {
            await InsertAsync(NewEntry(status, old));
        }

        await Table.CleanupDefunctSiloEntriesAsync(TimeProvider.System.GetUtcNow().AddDays(-7));

        Assert.Equal(
            new[] { young.SiloAddress, oldActive.SiloAddress }.Order(),
            (await Table.ReadAllAsync()).Members.Select(member => member.Item1.SiloAddress).Order());
    }

    [Fact]
    public async Task CleanupDefunctSiloEntries_OldRowWithFreshHeartbeatOrVote_Stays()
    {
        var beating = NewEntry(SiloStatus.Joining, TimeSpan.FromDays(10));
        var votedOut = NewEntry(SiloStatus.Dead, TimeSpan.FromDays(10));
        votedOut.AddSuspector(NewAddress(), TimeProvider.System.GetUtcNow().UtcDateTime);
        await InsertAsync(beating);
        await InsertAsync(votedOut);
        await Table.UpdateIAmAliveAsync(new MembershipEntry { SiloAddress = beating.SiloAddress, IAmAliveTime = TimeProvider.System.GetUtcNow().UtcDateTime });

        await Table.CleanupDefunctSiloEntriesAsync(TimeProvider.System.GetUtcNow().AddDays(-7));

        Assert.Equal(2, (await Table.ReadAllAsync()).Members.Count);
    }

    [Fact]
    public async Task CleanupDefunctSiloEntries_RowRemoved_TakesItsHeartbeatAndRaisesVersion()
    {
        var dead = NewEntry(SiloStatus.Dead, TimeSpan.FromDays(10));
        var before = await InsertAsync(dead);
        await Table.UpdateIAmAliveAsync(new MembershipEntry { SiloAddress = dead.SiloAddress, IAmAliveTime = dead.IAmAliveTime.AddHours(1) });
        var living = NewEntry(SiloStatus.Active, TimeSpan.FromDays(10));
        await InsertAsync(living);
        await Table.UpdateIAmAliveAsync(new MembershipEntry { SiloAddress = living.SiloAddress, IAmAliveTime = living.IAmAliveTime });

        await Table.CleanupDefunctSiloEntriesAsync(TimeProvider.System.GetUtcNow().AddDays(-7));

        Assert.Equal(before.Version.Version + 2, (await Table.ReadAllAsync()).Version.Version);
        var beat = Assert.Single(Server.Objects("transaction-pipeline.io", "siloheartbeats"));
        Assert.Equal(living.SiloAddress.ToParsableString(), beat["spec"]!["address"]!.GetValue<string>());
    }

    [Fact]
    public async Task CleanupDefunctSiloEntries_NothingDefunct_LeavesVersion()
    {
        var before = await InsertAsync(NewEntry());

        await Table.CleanupDefunctSiloEntriesAsync(TimeProvider.System.GetUtcNow().AddDays(-7));

        Assert.Equal(before.Version, (await Table.ReadAllAsync()).Version);
    }

    [Fact]
    public async Task DeleteMembershipTableEntries_OtherClusterInSameNamespace_IsLeftAlone()
    {
        await using var other = new MembershipClient(Server, "other");
        await other.Table.InitializeMembershipTableAsync(true);
        await other.Table.UpdateIAmAliveAsync(NewEntry());
        await Table.UpdateIAmAliveAsync(NewEntry());

        await Table.DeleteMembershipTableEntriesAsync(ClusterId);

        Assert.Equal(["other"], Server.Objects("transaction-pipeline.io", "silomemberships").Select(table => table["metadata"]!["name"]!.GetValue<string>()), StringComparer.Ordinal);
        Assert.Single(Server.Objects("transaction-pipeline.io", "siloheartbeats"));
    }

    [Fact]
    public async Task InitializeMembershipTable_TwentySilosAtOnce_MakesOneTable()
    {
        await Table.DeleteMembershipTableEntriesAsync(ClusterId);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Connect().Table.InitializeMembershipTableAsync(true)));

        Assert.Single(Server.Objects("transaction-pipeline.io", "silomemberships"));
        Assert.Equal(0, (await Table.ReadAllAsync()).Version.Version);
    }

    [Fact]
    public async Task InitializeMembershipTable_TableExists_KeepsItsRows()
    {
        await InsertAsync(NewEntry());

        await Connect().Table.InitializeMembershipTableAsync(true);

        Assert.Single((await Table.ReadAllAsync()).Members);
    }

    [Fact]
    public async Task InsertRow_TableWithOthersAnnotations_KeepsThem()
    {
        var address = new Uri(Server.Address, $"apis/transaction-pipeline.io/v1/namespaces/{MembershipClient.Namespace}/silomemberships/{ClusterId}");
        using var http = new HttpClient();
        using var body = new StringContent("""{"metadata":{"annotations":{"example.com/kept":"yes"},"labels":{"example.com/kept":"yes"}}}""", null, "application/merge-patch+json");
        using (var patched = await http.PatchAsync(address, body))
        {
            patched.EnsureSuccessStatusCode();
        }

        await InsertAsync(NewEntry());

        var metadata = Server.Objects("transaction-pipeline.io", "silomemberships").Single()["metadata"]!;
        Assert.Equal("yes", metadata["annotations"]?["example.com/kept"]?.GetValue<string>());
        Assert.Equal("yes", metadata["labels"]?["example.com/kept"]?.GetValue<string>());
    }
}
