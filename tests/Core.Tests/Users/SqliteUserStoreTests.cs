using TransactionPipeline.Core.Store.Sqlite;
using TransactionPipeline.Core.Tests.Store;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Core.Tests.Users;

public sealed class SqliteUserStoreTests : IDisposable
{
    private readonly StoreFile _file = new();
    private readonly SqliteUserStore _users;

    public SqliteUserStoreTests() => _users = new SqliteUserStore(_file.Open(), TimeProvider.System);

    public void Dispose() => _file.Dispose();

    [Fact]
    public async Task Find_Added_GivesEverythingBackInAnotherProcess()
    {
        var user = new User("ann", "hash", [Roles.Viewer, Roles.Operator], Disabled: true, "stamp");
        Assert.True(await _users.AddAsync(user, CancellationToken.None));

        var found = await new SqliteUserStore(_file.Open(), TimeProvider.System).FindAsync("ann", CancellationToken.None);

        Assert.Equivalent(user, found, strict: true);
    }

    [Fact]
    public async Task Find_OtherCaseOrUnknown_GivesNull()
    {
        await _users.AddAsync(new User("ann", "hash", [], Disabled: false, "stamp"), CancellationToken.None);

        Assert.Null(await _users.FindAsync("Ann", CancellationToken.None));
        Assert.Null(await _users.FindAsync("' OR 1=1 --", CancellationToken.None));
        Assert.Empty((await _users.FindAsync("ann", CancellationToken.None))!.Roles);
    }

    [Fact]
    public async Task Add_NameTaken_IsRefusedAndChangesNothing()
    {
        await _users.AddAsync(new User("ann", "first", [], Disabled: false, "1"), CancellationToken.None);

        Assert.False(await _users.AddAsync(new User("ann", "second", [], Disabled: false, "2"), CancellationToken.None));
        Assert.Equal("first", (await _users.FindAsync("ann", CancellationToken.None))?.PasswordHash);
    }

    [Fact]
    public async Task Update_Known_Replaces_Unknown_IsRefused()
    {
        var user = new User("ann", "first", [Roles.Viewer], Disabled: false, "1");
        await _users.AddAsync(user, CancellationToken.None);
        var changed = user with { PasswordHash = "second", Roles = [Roles.Ingestor], Disabled = true, Stamp = "2" };

        Assert.True(await _users.UpdateAsync(changed, CancellationToken.None));
        Assert.False(await _users.UpdateAsync(changed with { Name = "bob" }, CancellationToken.None));
        Assert.Equivalent(changed, Assert.Single(await _users.ListAsync(CancellationToken.None)), strict: true);
    }

    [Fact]
    public async Task List_Several_ByName()
    {
        foreach (var name in new[] { "cy", "ann", "Bob" })
            await _users.AddAsync(new User(name, "hash", [], Disabled: false, "stamp"), CancellationToken.None);

        Assert.Equal(["Bob", "ann", "cy"], (await _users.ListAsync(CancellationToken.None)).Select(user => user.Name));
    }
}
