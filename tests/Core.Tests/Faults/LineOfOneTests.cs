using Npgsql;

namespace TransactionPipeline.Core.Tests.Faults;

/// <summary>A line that many share, and that fails for one of them.</summary>
[Collection(PostgresCollection.Name)]
public sealed class LineOfOneTests(PostgresFixture server)
{
    [Fact]
    public async Task Fault_OfOneUser_IsNoOthers()
    {
        await server.ExecuteAsync("postgres", $"CREATE ROLE other_tester LOGIN PASSWORD '{PostgresServer.Password}'");
        await using var line = new TcpProxy(server.Port);
        await using var one = await OpenAsync(line, PostgresServer.User);
        await using var other = await OpenAsync(line, "other_tester");

        line.SetFaultOf($"user\0{PostgresServer.User}\0", TcpFault.Reset);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => AskAsync(one));
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => OpenAsync(line, PostgresServer.User));
        await AskAsync(other);
        await using (await OpenAsync(line, "other_tester")) line.SetFaultOf($"user\0{PostgresServer.User}\0", TcpFault.None);
        await using var again = await OpenAsync(line, PostgresServer.User);
        await AskAsync(again);

        line.SetFaultOf($"user\0{PostgresServer.User}\0", TcpFault.Blackhole);
        var silent = AskAsync(again);
        await AskAsync(other);
        Assert.False(silent.IsCompleted);
        line.SetFaultOf($"user\0{PostgresServer.User}\0", TcpFault.Reset);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => silent);
    }

    private Task<NpgsqlConnection> OpenAsync(TcpProxy line, string user) => server.ConnectAsync(
        "postgres", settings => (settings.Port, settings.Username, settings.SslMode) = (line.Port, user, SslMode.Disable));

    private static async Task AskAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("SELECT 1", connection);
        await command.ExecuteScalarAsync();
    }
}
