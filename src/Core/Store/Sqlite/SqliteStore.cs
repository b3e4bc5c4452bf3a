using TransactionPipeline.Core.Configuration;

namespace TransactionPipeline.Core.Store.Sqlite;

/// <summary>The shared store as a SQLite file, <c>store.db</c> in the state directory.</summary>
public static class SqliteStore
{
    /// <summary>The key under which a host registers the store's <see cref="SqliteDatabase"/>, as the mart has one of its own.</summary>
    public const string ServiceKey = "store";

    /// <summary>The store of this state directory; the file is made at first use.</summary>
    public static SqliteDatabase In(StateOptions state)
    {
        // Password hashes are in it: no other user of the machine reads them.
        state.Create();
        return new SqliteDatabase(state.PathOf("store.db"), StoreSchema.Migrations);
    }
}
