using System.Buffers;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Store.Sqlite;
using static SQLitePCL.raw;

namespace TransactionPipeline.Core.Marts.Sqlite;

/// <summary>
/// Stages a batch in a file of its own. Two uploads never wait for each other, the mart is not locked, a batch that is given up is a
/// deleted file, and no journal is needed: the file counts only once it has its final name.
/// </summary>
internal sealed class SqliteBatchWriter : IBatchWriter
{
    private readonly StagedFile _file;
    private readonly SqliteConnection _connection;
    private readonly sqlite3_stmt _insert;
    private byte[] _text = ArrayPool<byte>.Shared.Rent(1024);
    private bool _closed;

    private SqliteBatchWriter(StagedFile file, SqliteConnection connection, sqlite3_stmt insert)
    {
        _file = file;
        _connection = connection;
        _insert = insert;
    }

    public static SqliteBatchWriter Open(StagedFile file)
    {
        try
        {
            file.Delete();
            Directory.CreateDirectory(Path.GetDirectoryName(file.Partial)!);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw SqliteErrors.ToMartException(error);
        }
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file.Partial, Pooling = false }.ToString());
        try
        {
            connection.Open();
            using var setUp = connection.CreateCommand();
            setUp.CommandText =
                "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; BEGIN;" + MartSql.CreateStaged;
            setUp.ExecuteNonQuery();
            Check(connection, sqlite3_prepare_v2(connection.Handle, MartSql.InsertStaged, out var insert));
            return new SqliteBatchWriter(file, connection, insert);
        }
        catch (SqliteException error)
        {
            connection.Dispose();
            file.Delete();
            throw SqliteErrors.ToMartException(error);
        }
    }

    public Task WriteAsync(ReadOnlyMemory<Transaction> rows, CancellationToken cancellationToken) =>
        Task.Run(() => Write(rows.Span), cancellationToken);

    public Task CompleteAsync(CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            try
            {
                using var commit = _connection.CreateCommand();
                commit.CommandText = "COMMIT";
                commit.ExecuteNonQuery();
                Close();
                _file.Finish();
            }
            catch (SqliteException error)
            {
                throw SqliteErrors.ToMartException(error);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw SqliteErrors.ToMartException(error);
            }
        },
        cancellationToken);

    public ValueTask DisposeAsync()
    {
        Close();
        File.Delete(_file.Partial);
        return ValueTask.CompletedTask;
    }

    // The bindings of SQLitePCL instead of a SqliteCommand: a command boxes every value, which is most of the time at a million rows.
    private void Write(ReadOnlySpan<Transaction> rows)
    {
        Span<byte> id = stackalloc byte[32];
        try
        {
            foreach (ref readonly var row in rows)
            {
                Convert.FromHexString(row.TransactionId, id, out _, out _);
                sqlite3_bind_blob(_insert, 1, id);
                BindText(2, row.Product);
                sqlite3_bind_int64(_insert, 3, MartUnits.FromMoney(row.Price));
                sqlite3_bind_int(_insert, 4, row.Quantity);
                sqlite3_bind_int(_insert, 5, MartUnits.FromDay(row.Date));
                var result = sqlite3_step(_insert);
                sqlite3_reset(_insert);
                if (result != SQLITE_DONE) Check(_connection, result);
            }
        }
        catch (SqliteException error)
        {
            throw SqliteErrors.ToMartException(error);
        }
    }

    private void BindText(int index, string? text)
    {
        if (text is null)
        {
            sqlite3_bind_null(_insert, index);
            return;
        }
        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        if (most > _text.Length)
        {
            ArrayPool<byte>.Shared.Return(_text);
            _text = ArrayPool<byte>.Shared.Rent(most);
        }
        sqlite3_bind_text(_insert, index, _text.AsSpan(0, Encoding.UTF8.GetBytes(text, _text)));
    }

    private void Close()
    {
        if (_closed) return;
        _closed = true;
        _insert.Dispose();
        _connection.Dispose();
        ArrayPool<byte>.Shared.Return(_text);
    }

    private static void Check(SqliteConnection connection, int result) => SqliteException.ThrowExceptionForRC(result, connection.Handle);
}
