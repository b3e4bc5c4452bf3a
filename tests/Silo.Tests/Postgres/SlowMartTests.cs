using System.Net;
using System.Text.RegularExpressions;
using Npgsql;
using TransactionPipeline.Core.Store.Postgres;

namespace TransactionPipeline.Silo.Tests.Postgres;

/// <summary>A mart that hangs in PostgreSQL leaves the shared store in the same database its connections.</summary>
public sealed partial class SlowMartTests : IAsyncLifetime
{
    // The fewest: one for each mart's questions and for uploads, two for the store.
    private const int Pool = 8;
    private const string Cached = "/sales/pg-trends?sale_month=2023-10";

    private readonly PostgresServer _server = new();
    private PostgresOptions _options = null!;
    private ProgramProcess _replica = null!;

    public async Task InitializeAsync()
    {
        await _server.InitializeAsync();
        _options = await _server.CreateDatabaseAsync();
        _replica = await ProgramProcess.ServeAsync(ProgramSettings.Over(_options).With(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ingestion__sample"] = "data/transactions.csv",
            ["data_warehouse__postgres__max_pool_size"] = $"{Pool}",
        }));
    }

    public async Task DisposeAsync()
    {
        await _replica.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Get_MartsHangAndFilesTrickleIn_SignInAndCachedAnswersGoOn()
    {
        await AssertOkAsync(_replica.Client.GetAsync(Cached));
        await using var connection = new NpgsqlConnection(_server.ConnectionStringTo(_options.Database));
        await connection.OpenAsync();
        await using var locks = await connection.BeginTransactionAsync();
        await using (var command = new NpgsqlCommand("LOCK TABLE mart_versions, pg_sales, summary_sales IN ACCESS EXCLUSIVE MODE", connection))
            await command.ExecuteNonQueryAsync();

        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cold = Enumerable.Range(1, 60).Select(i => _replica.Client.GetAsync(
            $"/sales/{(i % 2 == 0 ? "trends" : "pg-trends")}?product_prefix=Halal&sale_month={2000 + (i / 12)}-{(i % 12) + 1:D2}")).ToList();
        var uploads = Enumerable.Range(0, 10).Select(_ => _replica.Client.PostAsync("/upload/transactions", new TricklingFile(end.Task))).ToList();
        await WaitForLocksAsync(2);

        for (var i = 0; i < 5; i++)
        {
            await AssertOkAsync(_replica.Client.PostAsync("/token", TestForms.Credentials("admin", "password123")));
            await AssertOkAsync(_replica.Client.GetAsync(Cached));
            Assert.InRange(await CountAsync("true"), 1, Pool);
            // One question of each mart, however many are asked for.
            Assert.InRange(await CountAsync("wait_event_type = 'Lock'"), 0, 2);
        }
        Assert.InRange(await ThreadsAsync(), 1, 50);
        Assert.DoesNotContain(cold, asked => asked.IsCompleted);

        await locks.RollbackAsync();
        end.SetResult();
        foreach (var asked in cold) await AssertOkAsync(asked);
        foreach (var upload in uploads) await AssertOkAsync(upload);
        Assert.InRange(await CountAsync("true"), 1, Pool);
    }

    [Fact]
    public async Task Get_ItsOnlyCallerLeaves_TheServersQueryEnds()
    {
        await using var connection = new NpgsqlConnection(_server.ConnectionStringTo(_options.Database));
        await connection.OpenAsync();
        await using var locks = await connection.BeginTransactionAsync();
        await using (var command = new NpgsqlCommand("LOCK TABLE pg_sales IN ACCESS EXCLUSIVE MODE", connection))
            await command.ExecuteNonQueryAsync();
        using var caller = new CancellationTokenSource();

        var asking = _replica.Client.GetAsync("/sales/pg-trends?product_prefix=Lap&sale_month=2023-10", caller.Token);
        await Phase.UntilAsync(async () => await CountAsync("wait_event_type = 'Lock'") == 1, "the mart's query");
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);

        await Phase.UntilAsync(async () => await CountAsync("wait_event_type = 'Lock'") == 0, "the end of the query in the server");
        await locks.RollbackAsync();
        await AssertOkAsync(_replica.Client.GetAsync("/sales/pg-trends?product_prefix=Lap&sale_month=2023-10"));
    }

    private static async Task AssertOkAsync(Task<HttpResponseMessage> asking)
    {
        using var answer = await asking.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
    }

    private async Task WaitForLocksAsync(int count)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (await CountAsync("wait_event_type = 'Lock'") < count) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
    }

    /// <summary>The program's connections for which <paramref name="holds"/>.</summary>
    private async Task<long> CountAsync(string holds) => (long)(await _server.ExecuteAsync(
        "postgres", $"SELECT count(*) FROM pg_stat_activity WHERE datname = '{_options.Database}' AND application_name = 'transaction-pipeline' AND {holds}"))!;

    private async Task<int> ThreadsAsync() => int.Parse(
        ThreadCount().Match(await _replica.Client.GetStringAsync("/metrics")).Groups["count"].Value, System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex("^dotnet_thread_pool_thread_count[^ ]* (?<count>\\d+)", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ThreadCount();

    /// <summary>A file that comes bit by bit until the test says so.</summary>
    private sealed class TricklingFile : HttpContent
    {
        private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);

        private readonly Task _end;

        public TricklingFile(Task end)
        {
            _end = end;
            Headers.ContentType = new("text/csv");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync("transaction_id,product,price,quantity,date\n"u8.ToArray());
            var lines = System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("T1,Halal Laptop,999.99,1,2023-10-01\n", 60)));
            // Many times what the server takes for the least: a machine that stands still for a while must not make it a broken upload.
            do
            {
                await stream.WriteAsync(lines);
                await stream.FlushAsync();
            }
            while (await Task.WhenAny(_end, Task.Delay(Pace, TimeProvider.System)) != _end);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
