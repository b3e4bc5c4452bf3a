using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Marts.Postgres;
using TransactionPipeline.Core.Watch;

namespace TransactionPipeline.Core.Store.Postgres;

/// <summary>
/// Hears of changed marts and of snapshots that other replicas made, on a connection of its own. A notification is only a hint that
/// makes the watcher's look come sooner: whatever is missed while the connection is away is found by the poll, and looked for once more
/// as soon as it is back.
/// </summary>
public sealed partial class PostgresListener(
    PostgresDatabase database, MartWatcher watcher, IHeldKeys held, TimeProvider time, ILogger<PostgresListener> logger)
    : BackgroundService
{
    // What broke while it worked is mended at once; a server that is away is asked again and again, but not without a pause.
    private static readonly TimeSpan ReconnectAfter = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromMilliseconds(250);

    // A line that went dead without a word shows when it is asked something.
    private static readonly TimeSpan AskAfter = TimeSpan.FromSeconds(15);

    private const int AnswerWithinSeconds = 5;

    private bool _saidLost;
    private volatile bool _isListening;

    /// <summary>True while notifications are heard; when not, changes show by the poll. For health.</summary>
    public bool IsListening => _isListening;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = TryAgainAfter;
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // Said once for each outage, not for each attempt. What nobody foresaw must not end the listening, and the process with it.
                if (!_saidLost) LogLost(PostgresErrors.ToFailure(error) ?? CauseException.Of(error)!);
                _saidLost = true;
            }
            finally
            {
                if (_isListening) pause = ReconnectAfter;
                _isListening = false;
            }
            await Task.WhenAny(Task.Delay(pause, time, stoppingToken));
        }
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        connection.Notification += Hear;
        try
        {
            await AskTimeAsync(connection, cancellationToken);
            await using (var listen = new NpgsqlCommand($"LISTEN {PostgresMart.Channel}; LISTEN {PostgresStore.SnapshotChannel}", connection)
            {
                CommandTimeout = AnswerWithinSeconds,
            })
                await listen.ExecuteNonQueryAsync(cancellationToken);
            _isListening = true;
            if (_saidLost) LogBack();
            _saidLost = false;
            watcher.Wake(PostgresMart.StoreName);
            while (true)
            {
                if (await connection.WaitAsync(AskAfter, cancellationToken)) continue;
                await AskTimeAsync(connection, cancellationToken);
            }
        }
        finally
        {
            // What is pooled is reset, and stops listening, before its next use.
            connection.Notification -= Hear;
        }
    }

    private void Hear(object sender, NpgsqlNotificationEventArgs heard)
    {
        if (heard.Channel == PostgresMart.Channel) watcher.Wake(PostgresMart.StoreName);
        else if (SnapshotNotice.TryRead(heard.Payload) is var (key, dataVersion, checkedAt) && database.Clock.Last is { } clock)
            held.Learn(key.Mart, key.Month, dataVersion, clock.FromServer(checkedAt));
    }

    /// <summary>The server's time: for what is heard, and to see that the line is alive.</summary>
    private async Task AskTimeAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var asked = database.Clock.Now();
        // Named, so that whoever looks at the server's connections knows which one listens.
        await using var ask = new NpgsqlCommand($"SELECT {PostgresClock.Sql} AS listening", connection) { CommandTimeout = AnswerWithinSeconds };
        await using var reader = await ask.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        database.Clock.Take(asked, await reader.GetFieldValueAsync<DateTimeOffset>(0, cancellationToken));
    }

    [LoggerMessage(1, LogLevel.Warning, "Changes are not heard of at once at present, only by the poll")]
    private partial void LogLost(Exception failure);

    [LoggerMessage(2, LogLevel.Information, "Changes are heard of at once again")]
    private partial void LogBack();
}
