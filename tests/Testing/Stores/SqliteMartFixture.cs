using TransactionPipeline.Core.Configuration;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Marts.Sqlite;
using TransactionPipeline.Core.Store.Sqlite;

namespace TransactionPipeline.Testing;

/// <summary>An embedded mart in a directory of its own.</summary>
internal sealed class SqliteMartFixture : MartHarness, IDisposable
{
    private readonly TempDirectory _directory = new();

    public SqliteMartFixture()
    {
        State = new StateOptions(_directory.Path);
        Database = SqliteMart.In(State);
        Store = SqliteMart.StoreIn(Database, State, Time);
        Warehouse = new SqliteMartSource(Database, Mart.Warehouse);
        Operational = new SqliteMartSource(Database, Mart.Operational);
    }

    public WatchedTime Time { get; } = new(new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public StateOptions State { get; }

    public SqliteDatabase Database { get; }

    public SqliteTransactionStore Store { get; }

    public SqliteMartSource Warehouse { get; }

    public SqliteMartSource Operational { get; }

    public override ITransactionStore Writer => Store;

    public override IMartSource Source(Mart mart) => mart == Mart.Warehouse ? Warehouse : Operational;

    public void Dispose()
    {
        Database.Dispose();
        _directory.Dispose();
    }

    public override ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }
}
