using System.Security.Cryptography;
using System.Text;
using TransactionPipeline.Core.Configuration;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Marts.Sqlite;
using TransactionPipeline.Core.Store.Sqlite;

namespace TransactionPipeline.Testing;

/// <summary>Fills the SQLite mart of a state directory with sales of 1, so that a right answer's total is a number of sales.</summary>
internal sealed class TestSales : IDisposable
{
    private readonly SqliteDatabase _database;
    private readonly SqliteTransactionStore _store;
    private int _sold;

    public TestSales(string directory)
    {
        var state = new StateOptions(directory);
        _database = SqliteMart.In(state);
        _store = SqliteMart.StoreIn(_database, state, TimeProvider.System);
        Source = new SqliteMartSource(_database, Mart.Warehouse);
    }

    public SqliteMartSource Source { get; }

    /// <summary>The sales so far, counted before they show.</summary>
    public int Sold => Volatile.Read(ref _sold);

    /// <summary>One more sale of 1, in October 2023 or another month.</summary>
    /// <returns>The number of sales.</returns>
    public async Task<int> SellAsync(Month? month = null)
    {
        var number = Interlocked.Increment(ref _sold);
        var id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"sale {number}")));
        await using (var writer = await _store.StageAsync($"batch{number}", CancellationToken.None))
        {
            var date = (month ?? new Month(2023, 10)).FirstDay.AddDays(1);
            await writer.WriteAsync(new[] { new Transaction(id, "Halal Laptop", 1m, 1, date) }, CancellationToken.None);
            await writer.CompleteAsync(CancellationToken.None);
        }
        await _store.LoadAsync($"batch{number}", CancellationToken.None);
        await _store.TransformAsync(new MartFilter("Halal", 100), CancellationToken.None);
        return number;
    }

    public void Dispose() => _database.Dispose();
}
