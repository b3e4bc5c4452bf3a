using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Configuration;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Marts.Sqlite;
using TransactionPipeline.Core.Store.Sqlite;

namespace TransactionPipeline.Core.Tests.Marts.Sqlite;

/// <summary>An embedded mart in a directory of its own, and short ways to fill and ask it.</summary>
internal sealed class SqliteMartFixture : IDisposable
{
    public static readonly MartFilter Halal = new("Halal", 100);

    private readonly TempDirectory _directory = new();
    private int _batches;

    public SqliteMartFixture()
    {
        State = new StateOptions(_directory.Path);
        Database = SqliteMart.In(State);
        Store = SqliteMart.StoreIn(Database, State, Time);
        Warehouse = new SqliteMartSource(Database, Mart.Warehouse);
        Operational = new SqliteMartSource(Database, Mart.Operational);
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public StateOptions State { get; }

    public SqliteDatabase Database { get; }

    public SqliteTransactionStore Store { get; }

    public SqliteMartSource Warehouse { get; }

    public SqliteMartSource Operational { get; }

    public static string Id(string plain) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(plain)));

    public static Transaction Sale(string id, string? product, decimal price, int quantity, string date) =>
        new(Id(id), product, price, quantity, DateOnly.Parse(date));

    public async Task<string> StageAsync(params Transaction[] rows)
    {
        var batch = $"batch{++_batches}";
        await using var writer = await Store.StageAsync(batch, CancellationToken.None);
        await writer.WriteAsync(rows, CancellationToken.None);
        await writer.CompleteAsync(CancellationToken.None);
        return batch;
    }

    public async Task<LoadCounts> LoadAsync(params Transaction[] rows) =>
        await Store.LoadAsync(await StageAsync(rows), CancellationToken.None);

    public Task<IReadOnlyList<Month>> TransformAsync(MartFilter? filter = null) =>
        Store.TransformAsync(filter ?? Halal, CancellationToken.None);

    public async Task<MartRow[]> ReadAsync(Mart mart, string month, string prefix = "Halal")
    {
        var source = mart == Mart.Warehouse ? Warehouse : Operational;
        var rows = await source.ReadAsync(new QueryKey(mart, prefix, Month.Parse(month)), CancellationToken.None);
        return [.. Enumerable.Range(0, rows.Count).Select(index => rows[index])];
    }

    public Task<string> TokenAsync(Mart mart, string month) =>
        (mart == Mart.Warehouse ? Warehouse : Operational).GetChangeTokenAsync(Month.Parse(month), CancellationToken.None);

    public void Dispose()
    {
        Database.Dispose();
        _directory.Dispose();
    }
}
