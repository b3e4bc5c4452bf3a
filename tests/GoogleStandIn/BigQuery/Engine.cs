using System.Globalization;
using Microsoft.Data.Sqlite;
using TransactionPipeline.GoogleStandIn.Sql;

namespace TransactionPipeline.GoogleStandIn.BigQuery;

/// <summary>What a query or script did.</summary>
internal sealed class Outcome
{
    public IReadOnlyList<Column> Columns { get; set; } = [];

    public List<string?[]> Rows { get; } = [];

    public long BytesProcessed { get; set; }

    public long BytesBilled { get; set; }

    public long? ChangedRows { get; set; }
}

/// <summary>Runs GoogleSQL on SQLite, counts bytes as BigQuery does, and enforces the cap.</summary>
internal sealed class Engine : IDisposable
{
    private const long MiB = 1 << 20;
    private const long LeastBilledPerTable = 10 * MiB;

    private readonly SqliteConnection _connection = new("Data Source=:memory:");
    private readonly TimeProvider _time;

    public Engine(TimeProvider time)
    {
        _time = time;
        _connection.Open();
        Numerics.AddTo(_connection);
    }

    public Lock Lock { get; } = new();

    public Catalog Catalog { get; } = new();

    public void Dispose() => _connection.Dispose();

    public void Create(TableShape table)
    {
        var columns = table.Columns.Select(column => $"\"{column.Name}\" {Types.ToSqlite(column.Type)}{(column.Required ? " NOT NULL" : "")}");
        Execute($"CREATE TABLE {table.Name} ({string.Join(", ", columns.DefaultIfEmpty("\"_\" TEXT"))})");
    }

    public void Drop(TableShape table) => Execute($"DROP TABLE {table.Name}");

    public long CountRows(TableShape table) => (long)Scalar($"SELECT count(*) FROM {table.Name}")!;

    public long CountBytes(TableShape table) => Bytes(new Scan(table, "t"), table.Columns.Select(column => column.Name));

    public Outcome ReadTable(TableShape table)
    {
        var outcome = new Outcome { Columns = table.Columns };
        Read($"SELECT {string.Join(", ", table.Columns.Select(column => $"\"{column.Name}\""))} FROM {table.Name}", [], outcome);
        return outcome;
    }

    /// <summary>Marks the table as changed now; never twice at the same millisecond.</summary>
    public void Touch(TableEntry table)
    {
        table.Modified = Math.Max(table.Modified + 1, _time.GetUtcNow().ToUnixTimeMilliseconds());
        table.Version++;
    }

    /// <summary>Puts rows into a table, all or none.</summary>
    public void Insert(TableShape table, bool truncate, IEnumerable<object?[]> rows)
    {
        using var transaction = _connection.BeginTransaction();
        if (truncate) Execute($"DELETE FROM {table.Name}");
        using var command = _connection.CreateCommand();
        command.CommandText = $"INSERT INTO {table.Name} VALUES ({string.Join(", ", table.Columns.Select((_, i) => $"@p{i}"))})";
        for (var i = 0; i < table.Columns.Count; i++) command.Parameters.Add(new SqliteParameter($"@p{i}", null));
        foreach (var row in rows)
        {
            for (var i = 0; i < row.Length; i++) command.Parameters[i].Value = row[i] ?? DBNull.Value;
            try
            {
                command.ExecuteNonQuery();
            }
            catch (SqliteException error)
            {
                throw new SqlRefusedException($"Error while reading data: {error.Message}", "invalid");
            }
        }
        transaction.Commit();
    }

    /// <summary>Runs a statement or a script. What a failed script began is undone.</summary>
    public Outcome Run(string sql, IReadOnlyList<Parameter> given, Func<string[], TableShape> find, long? mostBilled, bool dryRun)
    {
        var parameters = given.ToDictionary(parameter => parameter.Name, StringComparer.OrdinalIgnoreCase);
        var now = new Parameter("_now", "TIMESTAMP", _time.GetUtcNow().ToUnixTimeMilliseconds() * 1000);
        var translator = new Translator(sql, parameters, find);
        var outcome = new Outcome();
        var changed = new HashSet<TableShape>();
        var temporary = new List<string>();
        var inTransaction = false;
        try
        {
            while (translator.ReadStatement() is { } statement)
            {
                Bill(statement, [.. given, now], outcome, mostBilled);
                if (dryRun)
                {
                    outcome.Columns = statement.Columns;
                    continue;
                }
                switch (statement.Kind)
                {
                    case StatementKind.Begin:
                        Execute("BEGIN IMMEDIATE");
                        inTransaction = true;
                        break;
                    case StatementKind.Commit:
                        Execute("COMMIT");
                        inTransaction = false;
                        break;
                    case StatementKind.Rollback:
                        Execute("ROLLBACK");
                        inTransaction = false;
                        changed.Clear();
                        break;
                    case StatementKind.CreateTemporary:
                        Apply(statement, [.. given, now]);
                        temporary.Add(statement.Target!.Name);
                        break;
                    case StatementKind.Change:
                        outcome.ChangedRows = Apply(statement, [.. given, now]);
                        if (!statement.Target!.IsTemporary) changed.Add(statement.Target);
                        break;
                    default:
                        outcome.Rows.Clear();
                        outcome.Columns = statement.Columns;
                        outcome.ChangedRows = null;
                        Read(statement.Sql[0], [.. given, now], outcome);
                        break;
                }
            }
            if (inTransaction) throw new SqlRefusedException("Transaction control: the script ended inside a transaction");
            foreach (var table in changed) Touch(Catalog.Find(table));
            return outcome;
        }
        catch (SqliteException error)
        {
            throw new SqlRefusedException(error.Message);
        }
        finally
        {
            if (inTransaction) Execute("ROLLBACK");
            foreach (var name in temporary) Execute($"DROP TABLE IF EXISTS {name}");
            Execute("DROP TABLE IF EXISTS temp.merge_source");
        }
    }

    // On demand: the columns read, in the partitions read, at least 10 MiB a table, in whole MiB; refused before it runs.
    private void Bill(Statement statement, IReadOnlyList<Parameter> parameters, Outcome outcome, long? mostBilled)
    {
        var billed = 0L;
        foreach (var scan in statement.Scans.Where(scan => !scan.Table.IsTemporary))
        {
            var bytes = Bytes(scan, scan.Columns, parameters);
            outcome.BytesProcessed += bytes;
            if (bytes > 0) billed += Math.Max(LeastBilledPerTable, (bytes + MiB - 1) / MiB * MiB);
        }
        outcome.BytesBilled += billed;
        if (mostBilled is { } most && outcome.BytesBilled > most)
            throw new SqlRefusedException($"Query exceeded limit for bytes billed: {most}. {outcome.BytesBilled} or higher required.", "bytesBilledLimitExceeded");
    }

    private long Bytes(Scan scan, IEnumerable<string> columns, IReadOnlyList<Parameter>? parameters = null)
    {
        var sizes = columns
            .Select(name => scan.Table.Columns.First(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
            .Select(column => column.Type switch
            {
                "STRING" => $"CASE WHEN \"{column.Name}\" IS NULL THEN 0 ELSE 2 + length(CAST(\"{column.Name}\" AS BLOB)) END",
                "NUMERIC" => $"CASE WHEN \"{column.Name}\" IS NULL THEN 0 ELSE 16 END",
                "BOOL" => "1",
                _ => $"CASE WHEN \"{column.Name}\" IS NULL THEN 0 ELSE 8 END",
            })
            .ToList();
        if (sizes.Count == 0) return 0;
        var where = scan.Prunes.Count == 0 ? "" : " WHERE " + string.Join(" AND ", scan.Prunes);
        return (long)Scalar($"SELECT coalesce(sum({string.Join(" + ", sizes)}), 0) FROM {scan.Table.Name} AS \"{scan.Alias}\"{where}", parameters ?? [])!;
    }

    private long Apply(Statement statement, IReadOnlyList<Parameter> parameters)
    {
        var changed = 0L;
        for (var i = 0; i < statement.Sql.Count; i++)
        {
            var sql = statement.Sql[i];
            var count = Execute(sql, parameters);
            if (!sql.StartsWith("CREATE", StringComparison.Ordinal) && !sql.StartsWith("DROP", StringComparison.Ordinal)) changed += count;
            if (statement.MustBeEmpty is { } check && sql.StartsWith("CREATE", StringComparison.Ordinal) && Scalar(check, parameters) is not null)
                throw new SqlRefusedException("UPDATE/MERGE must match at most one source row for each target row");
        }
        return changed;
    }

    private void Read(string sql, IReadOnlyList<Parameter> parameters, Outcome outcome)
    {
        using var command = Command(sql, parameters);
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            var row = new string?[outcome.Columns.Count];
            for (var i = 0; i < row.Length; i++)
                row[i] = reader.IsDBNull(i) ? null : Wire(reader.GetValue(i), outcome.Columns[i].Type);
            outcome.Rows.Add(row);
        }
    }

    private static string Wire(object value, string type) => value switch
    {
        long whole when type == "BOOL" => whole != 0 ? "true" : "false",
        // Whole numbers in NUMERIC columns of expressions such as SUM of nothing but INT64.
        double real => real.ToString("R", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private int Execute(string sql, IReadOnlyList<Parameter>? parameters = null)
    {
        using var command = Command(sql, parameters ?? []);
        return command.ExecuteNonQuery();
    }

    private object? Scalar(string sql, IReadOnlyList<Parameter>? parameters = null)
    {
        using var command = Command(sql, parameters ?? []);
        return command.ExecuteScalar();
    }

    private SqliteCommand Command(string sql, IReadOnlyList<Parameter> parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var parameter in parameters.Where(parameter => sql.Contains('@' + parameter.Name, StringComparison.OrdinalIgnoreCase)))
            command.Parameters.AddWithValue('@' + parameter.Name, parameter.Value ?? DBNull.Value);
        return command;
    }
}
