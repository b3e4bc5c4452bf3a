using TransactionPipeline.KubernetesStandIn.Faults;
using TransactionPipeline.Silo.Membership.Api;

namespace TransactionPipeline.Silo.Tests.Membership;

/// <summary>What the table does when the API server does not do as it should.</summary>
public sealed class MembershipFaultTests : MembershipTests
{
    [Fact]
    public async Task UpdateRow_409_GivesFalseAndChangesNothing()
    {
        var entry = NewEntry();
        var data = await InsertAsync(entry);
        Server.Faults.Add(new FaultRule(FaultKind.Conflict) { Verb = "update" });

        Assert.False(await Table.UpdateRowAsync(entry, data.TryGet(entry.SiloAddress)!.Item2, data.Version.Next()));

        Assert.Equal(data.Version, (await Table.ReadAllAsync()).Version);
    }

    [Fact]
    public async Task InsertRow_409_GivesFalse()
    {
        var next = (await Table.ReadAllAsync()).Version.Next();
        Server.Faults.Add(new FaultRule(FaultKind.Conflict) { Verb = "update" });

        Assert.False(await Table.InsertRowAsync(NewEntry(), next));
    }

    [Theory]
    [InlineData(FaultKind.ServerError)]
    [InlineData(FaultKind.TooManyRequests)]
    [InlineData(FaultKind.CutOff)]
    [InlineData(FaultKind.Outage)]
    public async Task ReadAll_PassingFault_IsRepeatedUntilItAnswers(FaultKind kind)
    {
        await InsertAsync(NewEntry());
        Server.Faults.Add(new FaultRule(kind) { Verb = "get", Times = 3, Delay = TimeSpan.Zero });

        Assert.Single((await Table.ReadAllAsync()).Members);
    }

    [Fact]
    public async Task ReadAll_FaultThatOneReadingDoesNotBearWhileTheSiloStarts_IsWaitedOut()
    {
        await InsertAsync(NewEntry());
        await using var starting = new MembershipClient(Server, ClusterId, options => options.StartPatience = TimeSpan.FromMinutes(5));
        Server.Faults.Add(new FaultRule(FaultKind.CutOff) { Verb = "get", Times = 10, Delay = TimeSpan.Zero });

        Assert.Single((await starting.Table.ReadAllAsync()).Members);
    }

    [Theory]
    [InlineData(FaultKind.ServerError, "ServerError", "failed in the server (500)")]
    [InlineData(FaultKind.Forbidden, "Forbidden", "apiGroups [transaction-pipeline.io], resources [silomemberships], verbs [get] in namespace data-pipeline")]
    [InlineData(FaultKind.Unauthorized, "Unauthorized", "token is missing, expired or of another cluster")]
    [InlineData(FaultKind.Gone, "Gone", "410 Gone")]
    [InlineData(FaultKind.CutOff, "CutOff", "was cut off")]
    [InlineData(FaultKind.Garbage, "Unreadable", "not what the API promises")]
    [InlineData(FaultKind.Outage, "CutOff", "was cut off")]
    public async Task ReadAll_LastingFault_SaysWhichAndWhatToMend(FaultKind kind, string fault, string words)
    {
        Server.Faults.Add(new FaultRule(kind) { Verb = "get", Times = int.MaxValue });

        var thrown = await Assert.ThrowsAsync<KubernetesApiException>(() => Table.ReadAllAsync());

        Assert.Equal(fault, thrown.Fault.ToString());
        Assert.Contains(words, thrown.Message, StringComparison.Ordinal);
        Assert.Contains($"get silomemberships.transaction-pipeline.io/{ClusterId} in namespace data-pipeline", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAll_SlowAnswer_TimesOutAndSaysHowLong()
    {
        var table = Connect(options =>
        {
            options.RequestTimeout = TimeSpan.FromMilliseconds(150);
            options.MaxAttempts = 1;
        }).Table;
        Server.Faults.Add(new FaultRule(FaultKind.Slow) { Verb = "get", Delay = TimeSpan.FromMinutes(5) });

        var thrown = await Assert.ThrowsAsync<KubernetesApiException>(() => table.ReadAllAsync());

        Assert.Equal(KubernetesFault.TimedOut, thrown.Fault);
        Assert.Contains("no whole answer within 0.15 s", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAll_NoServerAtTheAddress_SaysUnreachable()
    {
        await using var client = Connect(options =>
        {
            options.ApiServer = new Uri("http://127.0.0.1:1");
            options.MaxAttempts = 1;
        });

        var thrown = await Assert.ThrowsAsync<KubernetesApiException>(() => client.Table.ReadAllAsync());

        Assert.Equal(KubernetesFault.Unreachable, thrown.Fault);
        Assert.Contains("no connection to the API server at 127.0.0.1:1", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAll_TableDeleted_SaysSo()
    {
        await Table.DeleteMembershipTableEntriesAsync(ClusterId);

        var thrown = await Assert.ThrowsAsync<KubernetesApiException>(() => Table.ReadAllAsync());

        Assert.Equal(KubernetesFault.NotFound, thrown.Fault);
        Assert.Contains("is gone", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Initialize_NoCrd_NamesTheCrd()
    {
        await using var bare = await KubernetesStandIn.KubernetesStandInServer.StartAsync(new() { Namespaces = [MembershipClient.Namespace] });
        await using var client = new MembershipClient(bare, ClusterId);

        var thrown = await Assert.ThrowsAsync<KubernetesApiException>(() => client.Table.InitializeMembershipTableAsync(true));

        Assert.Equal(KubernetesFault.UnknownKind, thrown.Fault);
        Assert.Contains("the CRD silomemberships.transaction-pipeline.io is not installed", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Initialize_NoNamespace_NamesTheNamespace()
    {
        await using var client = Connect(options => options.Namespace = "elsewhere");

        var thrown = await Assert.ThrowsAsync<KubernetesApiException>(() => client.Table.InitializeMembershipTableAsync(true));

        Assert.Equal(KubernetesFault.NamespaceMissing, thrown.Fault);
        Assert.Contains("namespace elsewhere does not exist", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UpdateRow_AnswerCutOff_ThrowsAndANewReadTellsThatItWentThrough()
    {
        var entry = NewEntry();
        var data = await InsertAsync(entry);
        var etag = data.TryGet(entry.SiloAddress)!.Item2;
        Server.Faults.Add(new FaultRule(FaultKind.CutOff) { Verb = "update" });

        var thrown = await Assert.ThrowsAsync<KubernetesApiException>(() => Table.UpdateRowAsync(entry, etag, data.Version.Next()));

        Assert.Equal(KubernetesFault.CutOff, thrown.Fault);
        Assert.Equal(2, (await Table.ReadAllAsync()).Version.Version);
        Assert.False(await Table.UpdateRowAsync(entry, etag, data.Version.Next()), "the same write must not go through twice");
    }

    [Fact]
    public async Task UpdateRow_500_IsNotRepeatedByTheTable()
    {
        var entry = NewEntry();
        var data = await InsertAsync(entry);
        Server.Log.Clear();
        Server.Faults.Add(new FaultRule(FaultKind.ServerError) { Verb = "update" });

        await Assert.ThrowsAsync<KubernetesApiException>(() => Table.UpdateRowAsync(entry, data.TryGet(entry.SiloAddress)!.Item2, data.Version.Next()));

        Assert.Single(Server.Log.Calls, call => call.Verb is "update");
    }

    [Fact]
    public async Task UpdateRow_StaleRead_IsRefusedAndLosesNobodysWrite()
    {
        var mine = NewEntry();
        var data = await InsertAsync(mine);
        var after = await InsertAsync(NewEntry());
        Server.Faults.Add(new FaultRule(FaultKind.StaleRead) { Verb = "get", Times = 2 });

        var stale = await Table.ReadAllAsync();
        Assert.Equal(data.Version, stale.Version);
        Assert.False(await Table.UpdateRowAsync(mine, stale.TryGet(mine.SiloAddress)!.Item2, stale.Version.Next()));

        Assert.Equal(after.Version, (await Table.ReadAllAsync()).Version);
        Assert.Equal(2, after.Members.Count);
    }

    [Fact]
    public async Task ReadAll_ListExpiredOnce_BeginsTheListAnew()
    {
        var table = Connect(options => options.PageSize = 2).Table;
        for (var i = 0; i < 5; i++)
        {
            var entry = NewEntry();
            await InsertAsync(entry);
            await table.UpdateIAmAliveAsync(new MembershipEntry { SiloAddress = entry.SiloAddress, IAmAliveTime = entry.IAmAliveTime.AddHours(1) });
        }

        Server.Faults.Add(new FaultRule(FaultKind.Gone) { Verb = "list" });
        var data = await table.ReadAllAsync();

        Assert.Equal(5, data.Members.Count);
        Assert.All(data.Members, member => Assert.Equal(member.Item1.StartTime.AddHours(1), member.Item1.IAmAliveTime));
    }

    [Fact]
    public async Task ReadAll_ListExpiresEachTime_SaysGone()
    {
        Server.Faults.Add(new FaultRule(FaultKind.Gone) { Verb = "list", Times = int.MaxValue });

        Assert.Equal(KubernetesFault.Gone, (await Assert.ThrowsAsync<KubernetesApiException>(() => Table.ReadAllAsync())).Fault);
    }

    [Fact]
    public async Task CleanupDefunctSiloEntries_ConflictsAtFirst_IsRepeated()
    {
        await InsertAsync(NewEntry(SiloStatus.Dead, TimeSpan.FromDays(10)));
        Server.Faults.Add(new FaultRule(FaultKind.Conflict) { Verb = "update", Times = 3 });

        await Table.CleanupDefunctSiloEntriesAsync(TimeProvider.System.GetUtcNow());

        Assert.Empty((await Table.ReadAllAsync()).Members);
    }

    [Fact]
    public async Task CleanupDefunctSiloEntries_ConflictsForever_GivesUp()
    {
        await InsertAsync(NewEntry(SiloStatus.Dead, TimeSpan.FromDays(10)));
        Server.Faults.Add(new FaultRule(FaultKind.Conflict) { Verb = "update", Times = int.MaxValue });

        var thrown = await Assert.ThrowsAsync<KubernetesApiException>(() => Table.CleanupDefunctSiloEntriesAsync(TimeProvider.System.GetUtcNow()));

        Assert.Equal(KubernetesFault.Conflict, thrown.Fault);
    }

    [Theory]
    [InlineData("create")]
    [InlineData("patch")]
    public async Task UpdateIAmAlive_AnswerCutOff_ArrivesAllTheSame(string verb)
    {
        var entry = NewEntry();
        await InsertAsync(entry);
        if (verb is "patch") await Table.UpdateIAmAliveAsync(entry);
        Server.Faults.Add(new FaultRule(FaultKind.CutOff) { Verb = verb });
        var alive = new MembershipEntry { SiloAddress = entry.SiloAddress, IAmAliveTime = entry.IAmAliveTime.AddMinutes(1) };

        // A lost answer to the first beat is the only failure; the next beat is due in seconds and finds the object there.
        if (verb is "create") await Assert.ThrowsAsync<KubernetesApiException>(() => Table.UpdateIAmAliveAsync(alive));
        else await Table.UpdateIAmAliveAsync(alive);

        Assert.Equal(alive.IAmAliveTime, (await Table.ReadRowAsync(entry.SiloAddress)).Members[0].Item1.IAmAliveTime);
    }

    [Fact]
    public async Task Initialize_CreateAnswerCutOff_FindsItsOwnTable()
    {
        await Table.DeleteMembershipTableEntriesAsync(ClusterId);
        Server.Faults.Add(new FaultRule(FaultKind.CutOff) { Verb = "create" });

        await Table.InitializeMembershipTableAsync(true);

        Assert.Equal(0, (await Table.ReadAllAsync()).Version.Version);
    }

    [Fact]
    public async Task ReadAll_429WithRetryAfter_WaitsAsLongAsTheServerAsks()
    {
        var asked = TimeSpan.FromSeconds(4);
        var time = new WatchedTime(TimeProvider.System.GetUtcNow());
        await using var client = new MembershipClient(Server, ClusterId, time: time);
        Server.Faults.Add(new FaultRule(FaultKind.TooManyRequests) { Verb = "get", Delay = asked });

        var read = client.Table.ReadAllAsync();

        await time.UntilWaitedForAsync(asked, "the one who was told to come back later");
        Assert.False(read.IsCompleted);
        time.Advance(asked);
        await Phase.InTimeAsync(read, "the second try");
    }

    [Fact]
    public void Gateways_MaxStaleness_IsOrleansOwnSetting() =>
        Assert.Equal(new Orleans.Configuration.GatewayOptions().GatewayListRefreshPeriod, Client.Gateways.MaxStaleness);
}
