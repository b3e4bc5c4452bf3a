using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Marts.Postgres;
using TransactionPipeline.Core.Store.Postgres;

namespace TransactionPipeline.Testing;

/// <summary>The marts in a PostgreSQL database of one test.</summary>
internal sealed class PostgresMartHarness : MartHarness
{
    private readonly PostgresSchema _schema;
    private readonly PostgresTransactionStore _store;

    public PostgresMartHarness(PostgresOptions options)
    {
        Options = options;
        Database = new PostgresDatabase(options, TimeProvider.System);
        _schema = PostgresMart.SchemaIn(Database);
        _store = new PostgresTransactionStore(Database, _schema);
        Warehouse = new PostgresMartSource(Database, _schema, Mart.Warehouse);
        Operational = new PostgresMartSource(Database, _schema, Mart.Operational);
    }

    public PostgresOptions Options { get; }

    public PostgresDatabase Database { get; }

    public PostgresMartSource Warehouse { get; }

    public PostgresMartSource Operational { get; }

    public override ITransactionStore Writer => _store;

    public override IMartSource Source(Mart mart) => mart == Mart.Warehouse ? Warehouse : Operational;

    public override async ValueTask DisposeAsync()
    {
        _store.Dispose();
        _schema.Dispose();
        await Database.DisposeAsync();
    }
}
