using Microsoft.Extensions.Time.Testing;
using Npgsql;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store.Postgres;

namespace TransactionPipeline.Core.Tests.Postgres;

[Collection(PostgresCollection.Name)]
public sealed class CredentialsTests(PostgresFixture server)
{
    [Fact]
    public async Task Credentials_RotatedInTheirDirectory_AreTakenUp()
    {
        using var secret = new TempDirectory();
        var direct = await server.CreateDatabaseAsync();
        await server.ExecuteAsync(direct.Database, "CREATE ROLE first LOGIN SUPERUSER PASSWORD 'one'; CREATE ROLE second LOGIN SUPERUSER PASSWORD 'two'");
        secret.Write("user", "first\n");
        secret.Write("password", "one\n");
        var options = server.OptionsFor(direct.Database);
        (options.User, options.Password, options.CredentialsDirectory) = (null, null, secret.Path);
        var time = new FakeTimeProvider();
        await using var database = new PostgresDatabase(options, time);
        Assert.True(options.IsConfigured);
        Assert.Equal("first", await UserAsync(database));

        secret.Write("user", "second\n");
        secret.Write("password", "two\n");
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("second", await UserAsync(database));

        secret.Write("password", "wrong\n");
        secret.Write("user", "first\n");
        time.Advance(TimeSpan.FromSeconds(2));
        var refused = await Assert.ThrowsAsync<PostgresFailure>(() => UserAsync(database));
        Assert.Equal(MartFailure.Failed, refused.Kind);
        Assert.DoesNotContain("first", refused.ToString(), StringComparison.Ordinal);
    }

    private static Task<object?> UserAsync(PostgresDatabase database) => database.RunAsync(
        async (connection, _) =>
        {
            await using var command = new NpgsqlCommand("SELECT current_user::text", connection);
            return await command.ExecuteScalarAsync();
        },
        CancellationToken.None);
}
