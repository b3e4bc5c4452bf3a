using System.Collections.Concurrent;
using Npgsql;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Store.Postgres;

namespace TransactionPipeline.Core.Marts.Postgres;

/// <summary>
/// The reading side of a mart in PostgreSQL, for one of the two parts: of this system's own tables, or of tables made elsewhere that
/// this user may perhaps only read.
/// </summary>
/// <param name="database">Where.</param>
/// <param name="schema">This system's tables, made at first use when there is nothing to read yet.</param>
/// <param name="part">Summaries by month, or single sales.</param>
public sealed class PostgresMartSource(PostgresDatabase database, PostgresSchema schema, Mart part) : IMartSource
{
    // What a month that was never changed says.
    private const string NoVersion = "0";

    private readonly ConcurrentDictionary<Month, Fingerprint> _fingerprints = new();
    private volatile PostgresMartLayout? _own;
    private volatile bool _isForeign;
    private volatile Newest? _newest;

    /// <inheritdoc/>
    public string Store => PostgresMart.StoreName;

    /// <inheritdoc/>
    public Task<StoreIdentity> IdentifyAsync(CancellationToken cancellationToken) => database.IdentifyAsync(cancellationToken);

    /// <summary>True for a mart made elsewhere: its token is made of the month's rows whenever anything was written.</summary>
    public bool IsCostlyToPoll => _isForeign;

    /// <inheritdoc/>
    public Task<string> GetChangeTokenAsync(Month month, CancellationToken cancellationToken) => AskAsync(
        (layout, work) => layout.HasVersions ? ReadVersionAsync(work, month) : ReadFingerprintAsync(layout, work, month),
        cancellationToken);

    /// <inheritdoc/>
    public Task<MartRows> ReadAsync(QueryKey key, CancellationToken cancellationToken)
    {
        if (key.Mart != part) throw new ArgumentException($"This is the {part.Name()} mart.", nameof(key));
        return AskAsync(
            async (layout, work) =>
            {
                if (!key.HasText) return MartRows.Empty;
                var rows = new RowReader();
                // One statement sees one state of the tables. What breaks it off throws: a part of the rows is never an answer.
                await work.ReadAsync(layout.ReadSql(part), rows.Add, key.Month.FirstDay, key.Month.LastDay, key.Prefix);
                return rows.Build();
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<Month?> FindNewestMonthAsync(CancellationToken cancellationToken) => AskAsync(
        async (layout, work) =>
        {
            // Any change of the part changes this; unchanged, the rows need not be asked.
            var token = layout.HasVersions
                ? (await work.QueryAsync(PostgresMartLayout.AllVersionsSql, row => row.GetString(0), part.Name()))[0]
                : null;
            if (token is not null && _newest is { } known && known.Token == token) return known.Month;
            var newest = await work.QueryAsync(
                layout.NewestSql(part), row => row.IsDBNull(0) ? (Month?)null : Month.Of(row.GetFieldValue<DateOnly>(0)));
            if (token is not null) _newest = new Newest(token, newest[0]);
            return newest[0];
        },
        cancellationToken);

    /// <summary>A row in the order of <see cref="MartRow"/>.</summary>
    internal static MartRow ReadRow(NpgsqlDataReader row) => new(
        row.IsDBNull(0) ? null : row.GetString(0),
        row.GetString(1),
        row.GetFieldValue<DateOnly>(2),
        row.GetDecimal(3),
        row.GetDecimal(4),
        row.GetInt64(5),
        row.IsDBNull(6) ? null : row.GetInt64(6));

    private async Task<string> ReadVersionAsync(PostgresWork work, Month month)
    {
        var versions = await work.QueryAsync(
            PostgresMartLayout.VersionSql, row => row.GetInt64(0), part.Name(), month.FirstDay);
        return versions.Count == 0 ? NoVersion : $"{versions[0]}";
    }

    private async Task<string> ReadFingerprintAsync(PostgresMartLayout layout, PostgresWork work, Month month)
    {
        var now = (await work.QueryAsync("SELECT pg_current_snapshot()::text", row => row.GetString(0)))[0];
        if (_fingerprints.TryGetValue(month, out var known) && known.Snapshot == now && known.Layout == layout.Columns)
            return known.Token;
        known = (await work.QueryAsync(
            layout.FingerprintSql(part),
            row => new Fingerprint(row.GetString(0), layout.Columns, row.GetString(1)), month.FirstDay, month.LastDay))[0];
        _fingerprints[month] = known;
        return known.Token;
    }

    private Task<T> AskAsync<T>(Func<PostgresMartLayout, PostgresWork, Task<T>> ask, CancellationToken cancellationToken) =>
        PostgresErrors.TranslateForMartAsync(async () =>
        {
            try
            {
                var layout = _own ?? await InspectAsync(cancellationToken);
                return await database.RunAsync(
                    (connection, stop) => ask(layout, new PostgresWork(connection, null, stop)), cancellationToken, database.QuestionsOf(part));
            }
            catch (PostgresFailure)
            {
                // Perhaps the tables are others now: they are looked at again.
                _own = null;
                throw;
            }
        });

    /// <summary>Own tables stay as they are and are looked at once; others may be made anew at any time, by another dbt model say.</summary>
    private async Task<PostgresMartLayout> InspectAsync(CancellationToken cancellationToken)
    {
        var layout = await LookAsync(cancellationToken);
        if (layout.IsEmpty)
        {
            await schema.EnsureAsync(cancellationToken);
            layout = await LookAsync(cancellationToken);
        }
        if (layout.ProblemOf(part) is { } problem) throw new MartException(problem);
        _isForeign = !layout.HasVersions;
        if (layout.HasVersions) _own = layout;
        return layout;
    }

    private async Task<PostgresMartLayout> LookAsync(CancellationToken cancellationToken) =>
        PostgresMartLayout.Of(await database.RunAsync(
            (connection, stop) => new PostgresWork(connection, null, stop)
                .QueryAsync(PostgresMartLayout.InspectSql, row => (row.GetString(0), row.GetString(1))),
            cancellationToken,
            database.QuestionsOf(part)));

    /// <summary>The newest month, and what all the part's versions came to before it was looked for.</summary>
    private sealed record Newest(string Token, Month? Month);

    /// <summary>A token, the server's snapshot it was computed in and the columns it was computed of.</summary>
    private sealed record Fingerprint(string Snapshot, string Layout, string Token);
}
