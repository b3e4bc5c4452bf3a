using System.Collections.Concurrent;
using Npgsql;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Store.Postgres;

/// <summary>
/// The one PostgreSQL database of this process: one pool of connections for the marts and the shared store. Each mart's questions, the
/// stagings and the loads and transforms have a share that they cannot exceed, so that however slow they are, the store, and with it
/// sign-in and what is cached, has connections left. The password is read when a connection opens and the user when it changes, so a
/// rotated secret is taken up without a restart.
/// </summary>
public sealed class PostgresDatabase : IAsyncDisposable, IDisposable
{
    private const string ApplicationName = "transaction-pipeline";
    private const string Kind = "postgres";

    // A copy of a server's files has the server's identifier, but was not started at the same microsecond.
    private const string IdentifySql =
        """
        SELECT system_identifier || '/' || extract(epoch FROM pg_postmaster_start_time()) || '/' || oid
        FROM pg_control_system(), pg_database WHERE datname = current_database()
        """;

    private static readonly TimeSpan IdentifyWithin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookAtUserEvery = TimeSpan.FromSeconds(1);

    private readonly PostgresOptions _options;
    private readonly PostgresCredentials _credentials;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<Mart, SemaphoreSlim> _questions = new();
    private NpgsqlDataSource? _source;
    private string? _user;
    private long _lookedAt;

    /// <summary>The database that <paramref name="options"/> name. Nothing is opened yet.</summary>
    public PostgresDatabase(PostgresOptions options, TimeProvider time)
    {
        if (options.Problem is { } problem) throw new ArgumentException(problem, nameof(options));
        _options = options;
        _credentials = new PostgresCredentials(options);
        _time = time;
        Clock = new(time);
    }

    /// <summary>The server's clock.</summary>
    internal PostgresClock Clock { get; }

    /// <summary>The time that loading and transforming may take, in seconds.</summary>
    internal int LongCommandTimeoutSeconds => 10 * _options.CommandTimeoutSeconds;

    /// <summary>How many questions each mart may be asked at once.</summary>
    public int MaxQuestions => _options.Share;

    /// <summary>The share of the mart's questions; those that were given up count until they have ended.</summary>
    internal SemaphoreSlim QuestionsOf(Mart mart) => _questions.GetOrAdd(mart, static (_, most) => new SemaphoreSlim(most), MaxQuestions);

    /// <summary>How many batches may be staged at once: each holds a connection while its file comes in.</summary>
    internal int MaxStagings => _options.Share;

    /// <summary>How many loads, transforms, exports and discards may be under way at once; those that write to the mart take turns anyway.</summary>
    internal static int MaxWrites => PostgresOptions.Writes;

    /// <summary>
    /// Which database this is: the running server's own word, since <c>localhost</c> is another server on another machine and one server
    /// has many names. A server that does not answer in a second is away.
    /// </summary>
    public async Task<StoreIdentity> IdentifyAsync(CancellationToken cancellationToken)
    {
        var place = $"{_options.Host}:{_options.Port}/{_options.Database}";
        using var limit = new CancellationTokenSource(IdentifyWithin, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var id = await RunAsync(
                (connection, stop) => new PostgresWork(connection, null, stop).QueryAsync(IdentifySql, row => row.GetString(0)), either.Token);
            return new(Kind, place, id.Single());
        }
        catch (Exception away) when (away is PostgresFailure || (away is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return new(Kind, place, null);
        }
    }

    /// <summary>An open connection from the pool. It throws Npgsql's exceptions: keep them inside <see cref="PostgresErrors"/>.</summary>
    internal async ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var source = Source();
            try
            {
                return await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (WasRotated(source, error))
            {
                // The user was another by then: once more as that one.
            }
        }
    }

    /// <summary>
    /// Runs <paramref name="work"/> on a connection. Who cancels does not wait for the work to end: on a line that is dead or trickles
    /// that takes as long as a command may, and the connection is busy until then.
    /// </summary>
    /// <param name="work">Gets the connection, and the token that stops it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="share">The connections that work of this kind may hold; a place is given back when the work has ended, not when it is given up.</param>
    /// <exception cref="PostgresFailure">It failed.</exception>
    internal async Task<T> RunAsync<T>(
        Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken, SemaphoreSlim? share = null)
    {
        // Npgsql asks the server to cancel, over a new connection, on the very thread that cancels; and it takes no notice at all while
        // the reset of a connection from the pool is still unanswered. So it is told on another thread, and left to itself.
        var stop = new CancellationTokenSource();
        await using var telling = cancellationToken.UnsafeRegister(static stop => _ = ((CancellationTokenSource)stop!).CancelAsync(), stop);
        var running = PostgresErrors.TranslateAsync(async () =>
        {
            if (share is not null) await share.WaitAsync(stop.Token);
            try
            {
                await using var connection = await OpenAsync(stop.Token);
                return await work(connection, stop.Token);
            }
            finally
            {
                share?.Release();
            }
        });
        try
        {
            return await running.WaitAsync(cancellationToken);
        }
        finally
        {
            _ = running.ContinueWith(static ended => _ = ended.Exception, TaskScheduler.Default);
        }
    }

    /// <summary>Closes the pool.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_source is not null) await _source.DisposeAsync();
    }

    /// <inheritdoc/>
    public void Dispose() => _source?.Dispose();

    private bool WasRotated(NpgsqlDataSource used, Exception error) => error switch
    {
        PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } =>
            Source(lookNow: true) != used,
        // The pool was closed between its being chosen and its being used, or while a connection was waited for.
        ObjectDisposedException or NpgsqlException => Volatile.Read(ref _source) != used,
        _ => false,
    };

    private NpgsqlDataSource Source(bool lookNow = false)
    {
        lock (_gate)
        {
            if (!lookNow && _source is not null && _time.GetElapsedTime(_lookedAt) < LookAtUserEvery) return _source;
            var user = _credentials.User;
            _lookedAt = _time.GetTimestamp();
            if (_source is not null && _user == user) return _source;
            var old = _source;
            (_user, _source) = (user, Build(user));
            // Connections of the old user that are at work finish it; they are closed when they come back.
            old?.Dispose();
            return _source;
        }
    }

    private NpgsqlDataSource Build(string user)
    {
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = _options.Host,
            Port = _options.Port,
            Database = _options.Database,
            Username = user,
            SslMode = PostgresOptions.TryParseSslMode(_options.SslMode)!.Value,
            RootCertificate = string.IsNullOrWhiteSpace(_options.RootCertificate) ? null : _options.RootCertificate,
            MaxPoolSize = _options.MaxPoolSize,
            Timeout = _options.ConnectTimeoutSeconds,
            CommandTimeout = _options.CommandTimeoutSeconds,
            ApplicationName = ApplicationName,
            // A timestamp's day, in a mart made elsewhere, is its day in UTC.
            Timezone = "UTC",
            Enlist = false,
            // Who gives a question up does not wait for the server's word on it: on a line that trickles, that never comes.
            CancellationTimeout = -1,
            // Finds dead connections that lie idle in the pool.
            KeepAlive = 30,
        };
        var builder = new NpgsqlDataSourceBuilder(settings.ConnectionString);
        // Metrics and logs name the pool; without a name of its own that is the connection string, with host, database and user.
        builder.Name = ApplicationName;
        builder.UsePasswordProvider(_ => _credentials.Password, (_, _) => new(_credentials.Password));
        return builder.Build();
    }
}
