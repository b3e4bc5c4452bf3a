using TransactionPipeline.Core.Tests.Store;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Core.Tests.Users;

/// <summary>What every store of users does alike; each kind of store derives its tests from this.</summary>
public abstract class UserStoreContract
{
    private IUserStore? _users;

    protected abstract StoreHarness Store { get; }

    private IUserStore Users => _users ??= Store.NewUsers();

    [Fact]
    public async Task Find_Added_GivesEverythingBackInAnotherProcess()
    {
        var user = new User("ann", "hash", [Roles.Viewer, Roles.Operator], Disabled: true, "stamp");
        Assert.True(await Users.AddAsync(user, CancellationToken.None));

        var found = await Store.NewUsers().FindAsync("ann", CancellationToken.None);

        Assert.Equivalent(user, found, strict: true);
    }

    [Fact]
    public async Task Find_OtherCaseOrUnknown_GivesNull()
    {
        await Users.AddAsync(new User("ann", "hash", [], Disabled: false, "stamp"), CancellationToken.None);

        Assert.Null(await Users.FindAsync("Ann", CancellationToken.None));
        Assert.Null(await Users.FindAsync("' OR 1=1 --", CancellationToken.None));
        Assert.Null(await Users.FindAsync("ann\0", CancellationToken.None));
        Assert.Empty((await Users.FindAsync("ann", CancellationToken.None))!.Roles);
    }

    [Fact]
    public async Task Add_NameTaken_IsRefusedAndChangesNothing()
    {
        await Users.AddAsync(new User("ann", "first", [], Disabled: false, "1"), CancellationToken.None);

        Assert.False(await Users.AddAsync(new User("ann", "second", [], Disabled: false, "2"), CancellationToken.None));
        Assert.Equal("first", (await Users.FindAsync("ann", CancellationToken.None))?.PasswordHash);
    }

    [Fact]
    public async Task Update_Known_Replaces_Unknown_IsRefused()
    {
        var user = new User("ann", "first", [Roles.Viewer], Disabled: false, "1");
        await Users.AddAsync(user, CancellationToken.None);
        var changed = user with { PasswordHash = "second", Roles = [Roles.Ingestor], Disabled = true, Stamp = "2" };

        Assert.True(await Users.UpdateAsync(changed, CancellationToken.None));
        Assert.False(await Users.UpdateAsync(changed with { Name = "bob" }, CancellationToken.None));
        Assert.Equivalent(changed, Assert.Single(await Users.ListAsync(CancellationToken.None)), strict: true);
    }

    [Fact]
    public async Task List_Several_ByName()
    {
        foreach (var name in new[] { "cy", "ann", "Bob" })
            await Users.AddAsync(new User(name, "hash", [], Disabled: false, "stamp"), CancellationToken.None);

        Assert.Equal(["Bob", "ann", "cy"], (await Users.ListAsync(CancellationToken.None)).Select(user => user.Name));
    }
}
