using Microsoft.Extensions.Time.Testing;
using Npgsql;
using TransactionPipeline.Core.Store.Postgres;

namespace TransactionPipeline.Core.Tests.Postgres;

/// <summary>Credentials that are rotated while the pool is in use.</summary>
[Collection(PostgresCollection.Name)]
public sealed class RotationTests(PostgresFixture server) : IAsyncLifetime
{
    private readonly TempDirectory _secret = new();
    private readonly FakeTimeProvider _time = new();
    private PostgresDatabase _database = null!;

    public async Task InitializeAsync()
    {
        var options = await server.CreateDatabaseAsync();
        await server.ExecuteAsync(
            options.Database,
            """
            DROP ROLE IF EXISTS morning, evening;
            CREATE ROLE morning LOGIN SUPERUSER PASSWORD 'one';
            CREATE ROLE evening LOGIN SUPERUSER PASSWORD 'two'
            """);
        Write("morning", "one");
        (options.User, options.Password, options.CredentialsDirectory) = (null, null, _secret.Path);
        _database = new PostgresDatabase(options, _time);
    }

    public async Task DisposeAsync()
    {
        await _database.DisposeAsync();
        _secret.Dispose();
    }

    [Fact]
    public async Task Open_UserRotatedAMomentAgo_IsTakenUpAtOnce()
    {
        // The one connection of the pool is in use, so the next must sign in: as the old user, it would have the new one's password.
        var user = await _database.RunAsync(
            async (held, _) =>
            {
                Assert.Equal("morning", await UserOfAsync(held));
                Write("evening", "two");
                return await _database.RunAsync((connection, _) => UserOfAsync(connection), CancellationToken.None);
            },
            CancellationToken.None);

        Assert.Equal("evening", user);
    }

    [Fact]
    public async Task Open_RotatedAgainAndAgainInUse_NeverFails()
    {
        // Only the user is rotated: these two files do not change at the same moment, as those of a mounted secret do.
        await _database.RunAsync(
            async (connection, _) =>
            {
                await using var command = new NpgsqlCommand("ALTER ROLE evening PASSWORD 'one'", connection);
                return await command.ExecuteNonQueryAsync();
            },
            CancellationToken.None);
        using var end = new CancellationTokenSource();
        var asked = 0;
        var working = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (!end.IsCancellationRequested)
            {
                await _database.RunAsync((connection, _) => UserOfAsync(connection), CancellationToken.None);
                Interlocked.Increment(ref asked);
            }
        })).ToList();

        for (var rotation = 0; rotation < 40; rotation++)
        {
            _secret.Write("user", rotation % 2 == 0 ? "evening" : "morning");
            _time.Advance(TimeSpan.FromSeconds(2));
            var before = Volatile.Read(ref asked);
            await Phase.UntilAsync(
                () => Volatile.Read(ref asked) >= before + 20 || working.Exists(task => task.IsFaulted), $"the twentieth question after rotation {rotation}");
        }
        await end.CancelAsync();
        await Task.WhenAll(working);
    }

    private void Write(string user, string password)
    {
        _secret.Write("password", password);
        _secret.Write("user", user);
    }

    private static async Task<string?> UserOfAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("SELECT current_user::text", connection);
        return (string?)await command.ExecuteScalarAsync();
    }
}
