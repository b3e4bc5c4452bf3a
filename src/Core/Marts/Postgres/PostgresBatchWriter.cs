using Npgsql;
using NpgsqlTypes;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Store.Postgres;

namespace TransactionPipeline.Core.Marts.Postgres;

/// <summary>
/// Stages a batch by binary COPY into a table of its own. The table is made, filled and committed by one transaction, so a batch that
/// breaks off (here, on the wire or on the server) leaves nothing at all.
/// </summary>
internal sealed class PostgresBatchWriter : IBatchWriter
{
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;
    private readonly NpgsqlBinaryImporter _copy;
    private readonly SemaphoreSlim _slots;
    private long _line;
    private bool _disposed;

    private PostgresBatchWriter(NpgsqlConnection connection, NpgsqlTransaction transaction, NpgsqlBinaryImporter copy, SemaphoreSlim slots)
    {
        _connection = connection;
        _transaction = transaction;
        _copy = copy;
        _slots = slots;
    }

    /// <summary>Opens the staging; the writer gives its slot back when disposed.</summary>
    public static async Task<IBatchWriter> OpenAsync(
        PostgresDatabase database, string batchId, SemaphoreSlim slots, CancellationToken cancellationToken)
    {
        var connection = await database.OpenAsync(cancellationToken);
        try
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await using (var create = new NpgsqlCommand(
                $"{PostgresMartSql.DropStaged(batchId)}; {PostgresMartSql.CreateStaged(batchId)}", connection))
                await create.ExecuteNonQueryAsync(cancellationToken);
            var copy = await connection.BeginBinaryImportAsync(PostgresMartSql.CopyStaged(batchId), cancellationToken);
            return new PostgresBatchWriter(connection, transaction, copy, slots);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public Task WriteAsync(ReadOnlyMemory<Transaction> rows, CancellationToken cancellationToken) =>
        PostgresErrors.TranslateForMartAsync(async () =>
        {
            for (var i = 0; i < rows.Length; i++)
            {
                var row = rows.Span[i];
                await _copy.StartRowAsync(cancellationToken);
                await _copy.WriteAsync(++_line, NpgsqlDbType.Bigint, cancellationToken);
                await _copy.WriteAsync(row.TransactionId, NpgsqlDbType.Text, cancellationToken);
                if (row.Product is null) await _copy.WriteNullAsync(cancellationToken);
                else await _copy.WriteAsync(row.Product, NpgsqlDbType.Text, cancellationToken);
                await _copy.WriteAsync(row.Price, NpgsqlDbType.Numeric, cancellationToken);
                await _copy.WriteAsync(row.Quantity, NpgsqlDbType.Integer, cancellationToken);
                await _copy.WriteAsync(row.Date, NpgsqlDbType.Date, cancellationToken);
            }
            return true;
        });

    public Task CompleteAsync(CancellationToken cancellationToken) => PostgresErrors.TranslateForMartAsync(async () =>
    {
        await _copy.CompleteAsync(cancellationToken);
        await _copy.DisposeAsync();
        await _transaction.CommitAsync(cancellationToken);
        return true;
    });

    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        try
        {
            // Not completed: cancels the COPY, and the transaction with it.
            await _copy.DisposeAsync();
            await _transaction.DisposeAsync();
        }
        catch (Exception error) when (PostgresErrors.ToFailure(error) is not null)
        {
            // The connection is gone; the server undoes the transaction by itself.
        }
        finally
        {
            await _connection.DisposeAsync();
            _slots.Release();
        }
    }
}
