using Microsoft.Data.Sqlite;
using TransactionPipeline.Core.Store.Sqlite;
using static SQLitePCL.raw;

namespace TransactionPipeline.Core.Marts.Sqlite;

/// <summary>
/// A connection for one long piece of writing to the mart, on a thread of its own. A cancelled token interrupts the statement that runs;
/// whatever was not committed is undone.
/// </summary>
internal sealed class MartTransaction : IAsyncDisposable
{
    // Bounded, so that the memory does not grow with the file: SQLite spills dirty pages to the log, and sorts in files. The cache is
    // also the size of the pieces that are sorted in memory, and 8 MiB of them stay near the processor: 32 MiB took a quarter longer.
    private const string SetUp = "PRAGMA cache_size = -8192; PRAGMA temp_store = FILE; PRAGMA journal_size_limit = 67108864;";

    private readonly SqliteConnection _connection;
    private readonly CancellationToken _cancellationToken;
    private SqliteTransaction? _transaction;

    private MartTransaction(SqliteConnection connection, CancellationToken cancellationToken)
    {
        _connection = connection;
        _cancellationToken = cancellationToken;
    }

    public static async Task<MartTransaction> OpenAsync(SqliteDatabase mart, CancellationToken cancellationToken)
    {
        try
        {
            return new MartTransaction(await mart.OpenUnpooledAsync(cancellationToken), cancellationToken);
        }
        catch (SqliteException error)
        {
            throw SqliteErrors.ToMartException(error);
        }
    }

    /// <summary>Runs <paramref name="work"/>.</summary>
    /// <exception cref="MartException">It failed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<T> RunAsync<T>(Func<T> work)
    {
        using var interrupting = _cancellationToken.Register(() => sqlite3_interrupt(_connection.Handle));
        try
        {
            return await Task.Run(
                () =>
                {
                    Execute(SetUp);
                    return work();
                },
                _cancellationToken);
        }
        catch (SqliteException error) when (SqliteErrors.IsInterrupted(error))
        {
            throw new OperationCanceledException("The work on the mart was stopped.", error, _cancellationToken);
        }
        catch (SqliteException error)
        {
            throw SqliteErrors.ToMartException(error);
        }
    }

    public void Attach(string file, string name) => Execute($"ATTACH $file AS {name}", ("$file", file));

    // Immediate: a lock that another process holds is waited for here, not met in the middle of the work.
    public void Begin() => _transaction = _connection.BeginTransaction(deferred: false);

    public void Commit()
    {
        _cancellationToken.ThrowIfCancellationRequested();
        _transaction!.Commit();
        _transaction.Dispose();
        _transaction = null;
    }

    public int Execute(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        _cancellationToken.ThrowIfCancellationRequested();
        using var command = Command(sql, parameters);
        return command.ExecuteNonQuery();
    }

    public List<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = Command(sql, parameters);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read()) rows.Add(read(reader));
        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        if (_transaction is not null) await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private SqliteCommand Command(string sql, ReadOnlySpan<(string Name, object Value)> parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = _transaction;
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value);
        return command;
    }
}
