using TransactionPipeline.Core.Configuration;
using TransactionPipeline.Core.Store.Sqlite;

namespace TransactionPipeline.Core.Tests.Store;

/// <summary>A store.db of its own for one test; more than one process is more than one <see cref="Open"/>.</summary>
public sealed class StoreFile : IDisposable
{
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("transaction-pipeline-");
    private readonly List<SqliteStore> _open = [];

    public SqliteStore Open()
    {
        var store = SqliteStore.In(new StateOptions(_state.FullName));
        _open.Add(store);
        return store;
    }

    public void Dispose()
    {
        _open.ForEach(store => store.Dispose());
        _state.Delete(recursive: true);
    }
}
