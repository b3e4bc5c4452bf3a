using System.Text.Json;
using Npgsql;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Marts.Postgres;
using TransactionPipeline.Core.Store.Postgres;

namespace TransactionPipeline.Testing;

/// <summary>Some replicas over a database of their own, and what changes it past them.</summary>
internal sealed class Replicas : IAsyncDisposable
{
    /// <summary>The key of <see cref="Question"/> in the shared store.</summary>
    public const string Key = "operational/2023-10/Halal";

    public static readonly Month October = new(2023, 10);
    public static readonly string Question = QuestionOf(October);

    private readonly PostgresServer _server;
    private readonly PostgresDatabase _database;
    private readonly PostgresSchema _schema;
    private readonly PostgresTransactionStore _store;
    private readonly SemaphoreSlim _changing = new(1);
    private readonly Fleet _fleet = new();
    private int _batches;

    private Replicas(PostgresServer server, PostgresOptions options)
    {
        _server = server;
        Options = options;
        _database = new PostgresDatabase(options, TimeProvider.System);
        _schema = PostgresMart.SchemaIn(_database);
        _store = new PostgresTransactionStore(_database, _schema);
    }

    public PostgresOptions Options { get; }

    public IReadOnlyList<ProgramProcess> All => _fleet.Members;

    public ProgramProcess this[int index] => _fleet[index];

    /// <summary>What nobody may be told: in no answer and no log.</summary>
    public string[] Secrets => [PostgresServer.Password, PostgresServer.User, $":{_server.Port}", "SELECT ", "FROM pg_sales"];

    /// <summary>With a first sale of 1 in October.</summary>
    public static async Task<Replicas> CreateAsync(PostgresServer server)
    {
        var replicas = new Replicas(server, await server.CreateDatabaseAsync());
        await replicas.SqlAsync("CREATE EXTENSION pg_stat_statements");
        await replicas.ChangeAsync(1m);
        return replicas;
    }

    public static string QuestionOf(Month month) => $"/sales/pg-trends?product_prefix=Halal&sale_month={month}";

    /// <summary>Starts some more.</summary>
    public async Task StartAsync(int count, Dictionary<string, string>? settings = null)
    {
        // Nothing is read before a test asks for it.
        var cold = new Dictionary<string, string>(settings ?? [], StringComparer.Ordinal) { ["cache__warm_up"] = "false" };
        var started = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => ProgramProcess.ServeAsync(ProgramSettings.Over(Options).With(cold))));
        foreach (var one in started) _fleet.Join(one);
    }

    /// <summary>Settings that lead over a proxy.</summary>
    public static Dictionary<string, string> Over(int port) => new(StringComparer.Ordinal) { ["data_warehouse__postgres__port"] = $"{port}" };

    /// <summary>Makes a price the month's only one, by load and transform; ends when that is committed.</summary>
    public async Task ChangeAsync(decimal price, Month? month = null, Func<Task>? beforeTransform = null)
    {
        await _changing.WaitAsync();
        try
        {
            var batch = $"batch{++_batches}";
            // As an operator would: what failed for a passing reason is tried again.
            while (!await TryAsync(batch)) await Task.Yield();
        }
        finally
        {
            _changing.Release();
        }

        async Task<bool> TryAsync(string batch)
        {
            try
            {
                var (id, date) = ($"{(month ?? October).FirstDay.DayNumber:x64}", (month ?? October).FirstDay);
                await using (var writer = await _store.StageAsync(batch, CancellationToken.None))
                {
                    await writer.WriteAsync(new[] { new Transaction(id, "Halal Tea", price, 1, date) }, CancellationToken.None);
                    await writer.CompleteAsync(CancellationToken.None);
                }
                await _store.LoadAsync(batch, CancellationToken.None);
                var happens = Interlocked.Exchange(ref beforeTransform, null);
                if (happens is not null) await happens();
                await _store.TransformAsync(new MartFilter("Halal", 100), CancellationToken.None);
                return true;
            }
            catch (MartException lost) when (lost.Failure == MartFailure.Transient)
            {
                return false;
            }
        }
    }

    public static async Task<decimal> PriceAsync(ProgramProcess replica, string? question = null)
    {
        using var rows = JsonDocument.Parse(await replica.Client.GetStreamAsync(question ?? Question));
        return rows.RootElement[0].GetProperty("avg_price").GetDecimal();
    }

    /// <summary>Waits until the marts, the store and the notifications are all in this state; what health said then.</summary>
    public static async Task<string> HealthAsync(ProgramProcess replica, string state)
    {
        var health = "";
        await Phase.UntilAsync(
            async () =>
            {
                // What uses the store and the mart.
                using var asking = new HttpRequestMessage(HttpMethod.Get, Question) { Headers = { { "Cache-Control", "no-cache" } } };
                using var answer = await replica.Client.SendAsync(asking);
                health = await replica.Client.GetStringAsync("/health/ready");
                using var parsed = JsonDocument.Parse(health);
                var checks = parsed.RootElement.GetProperty("checks");
                return new[] { "marts", "store", "notifications" }.All(check => checks.GetProperty(check).GetProperty("status").GetString() == state);
            },
            $"health's being {state}");
        return health;
    }

    /// <summary>The questions that reached the operational mart's rows, by the server's own count.</summary>
    public Task<long> CountMartQueriesAsync() => CountStatementsAsync("FROM pg_sales WHERE sale_date BETWEEN $1 AND $2 AND product");

    public async Task<long> CountStatementsAsync(string part) => (long)(await SqlAsync(
        $"""
        SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements
        WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND query LIKE '%{part}%' AND query NOT LIKE '%pg_stat_statements%'
        """))!;

    public Task<object?> SqlAsync(string sql) => _server.ExecuteAsync(Options.Database, sql);

    /// <summary>Ends every connection that listens; how many there were.</summary>
    public async Task<long> CutListenersAsync() => (long)(await SqlAsync(
        $"""
        SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = '{Options.Database}' AND (query LIKE 'LISTEN%' OR query LIKE 'SELECT % AS listening') AND pid <> pg_backend_pid()
        """))!;

    /// <summary>Holds up whoever reads the operational mart's rows, until disposed.</summary>
    public async Task<NpgsqlConnection> LockSalesAsync()
    {
        var blocking = new NpgsqlConnection(_server.ConnectionStringTo(Options.Database));
        await blocking.OpenAsync();
        await using var locking = new NpgsqlCommand("BEGIN; LOCK TABLE pg_sales IN ACCESS EXCLUSIVE MODE", blocking);
        await locking.ExecuteNonQueryAsync();
        return blocking;
    }

    public async ValueTask DisposeAsync()
    {
        await _fleet.DisposeAsync();
        _changing.Dispose();
        _store.Dispose();
        _schema.Dispose();
        await _database.DisposeAsync();
    }
}
