using System.Diagnostics;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store.Postgres;
using static TransactionPipeline.Testing.MartHarness;

namespace TransactionPipeline.Core.Tests.Faults;

/// <summary>A mart in a database of its own, asked over a line that a test spoils, and the same mart asked directly.</summary>
internal sealed class FaultyLine : IAsyncDisposable
{
    public const int Rows = 5_000;

    // What is open in the pool and dead is found out one by one.
    private const int MostDeadConnections = 5;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly PoolMeter _pool = new();

    private FaultyLine(PostgresServer server, PostgresOptions direct, PostgresOptions overLine, TcpProxy proxy)
    {
        Server = server;
        Proxy = proxy;
        Direct = new PostgresMartHarness(direct);
        Mart = new PostgresMartHarness(overLine);
    }

    public PostgresServer Server { get; }

    public TcpProxy Proxy { get; }

    /// <summary>Over the line.</summary>
    public PostgresMartHarness Mart { get; }

    /// <summary>Past it.</summary>
    public PostgresMartHarness Direct { get; }

    public string Database => Direct.Options.Database;

    /// <summary>With <see cref="Rows"/> sales in October 2023, and the time in seconds that the server may be silent.</summary>
    public static async Task<FaultyLine> OpenAsync(PostgresServer server, int commandTimeoutSeconds)
    {
        var direct = await server.CreateDatabaseAsync();
        var proxy = new TcpProxy(server.Port);
        var options = server.OptionsFor(direct.Database);
        (options.Port, options.ConnectTimeoutSeconds, options.CommandTimeoutSeconds) = (proxy.Port, 1, commandTimeoutSeconds);
        var line = new FaultyLine(server, direct, options, proxy);
        await line.Direct.LoadAsync([.. Enumerable.Range(0, Rows).Select(i => Sale($"{i}", $"Halal {i % 50}", 1.5m, 2, "2023-10-01"))]);
        await line.Direct.TransformAsync();
        return line;
    }

    /// <summary>The month's sales.</summary>
    public static async Task<int> ReadAsync(IMartSource source) =>
        (await source.ReadAsync(new QueryKey(Core.Marts.Mart.Operational, "Halal", Month.Parse("2023-10")), CancellationToken.None)).Count;

    /// <summary>Does it until the last dead connection of the pool has been found out.</summary>
    public static async Task<T> RecoverAsync<T>(Func<Task<T>> work)
    {
        for (var dead = 0; ; dead++)
        {
            try
            {
                return await work();
            }
            catch (MartException lost) when (lost.Failure == MartFailure.Transient && dead < MostDeadConnections)
            {
                // Another one.
            }
        }
    }

    /// <summary>
    /// Neither side has a connection too many: none in use here, and two at most to the server, the one that lived through the fault and
    /// the one that found the line whole again.
    /// </summary>
    public async Task AssertNoConnectionIsLeakedAsync()
    {
        await Proxy.WaitForAtMostAsync(2);
        // A command that its caller gave up ends by its own time-out at the latest.
        var clock = Stopwatch.StartNew();
        while (_pool.CountUsed() > 0)
        {
            if (clock.Elapsed > Patience) throw new TimeoutException($"{_pool.CountUsed()} connections of the pool are still in use after {Patience}");
            await SqlAsync("SELECT 1");
        }
    }

    public Task<object?> SqlAsync(string sql) => Server.ExecuteAsync(Database, sql);

    public static void AssertTellsNothing(Exception failed)
    {
        foreach (var secret in new[] { "127.0.0.1", "localhost", PostgresServer.User, PostgresServer.Password, "SELECT", "FROM pg_sales", "INSERT" })
            Assert.DoesNotContain(secret, failed.ToString(), StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        _pool.Dispose();
        await Mart.DisposeAsync();
        await Direct.DisposeAsync();
        await Proxy.DisposeAsync();
    }
}
