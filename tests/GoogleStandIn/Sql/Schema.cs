namespace TransactionPipeline.GoogleStandIn.Sql;

/// <summary>A column of a table or of a result; <paramref name="Type"/> in GoogleSQL's name (INT64, not INTEGER).</summary>
internal sealed record Column(string Name, string Type, bool Required = false);

/// <summary>A table as the SQL sees it.</summary>
/// <param name="Name">Its name in SQLite, quoted.</param>
/// <param name="Id">What BigQuery calls it, for messages.</param>
/// <param name="Columns">In order.</param>
/// <param name="PartitionField">The column of timePartitioning; null when not partitioned.</param>
/// <param name="IsTemporary">Made by the script itself: not billed.</param>
internal sealed record TableShape(string Name, string Id, IReadOnlyList<Column> Columns, string? PartitionField = null, bool IsTemporary = false);

/// <summary>What a statement reads of one table: for totalBytesProcessed.</summary>
internal sealed class Scan(TableShape table, string alias)
{
    public TableShape Table { get; } = table;

    public string Alias { get; } = alias;

    public HashSet<string> Columns { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>SQLite conditions on the partition column alone: the partitions that are not read.</summary>
    public List<string> Prunes { get; } = [];
}

internal enum StatementKind { Select, Change, CreateTemporary, Begin, Commit, Rollback }

/// <summary>One statement in SQLite's language.</summary>
/// <param name="Kind">What to do with it.</param>
/// <param name="Sql">Run in order; with <see cref="StatementKind.Change"/> their changed rows add up.</param>
/// <param name="Columns">Of the result, or of the temporary table.</param>
/// <param name="Scans">The tables it reads.</param>
/// <param name="Target">The table it changes.</param>
internal sealed record Statement(
    StatementKind Kind, IReadOnlyList<string> Sql, IReadOnlyList<Column> Columns, IReadOnlyList<Scan> Scans, TableShape? Target = null)
{
    /// <summary>A query that finds rows only when the statement must be refused (MERGE with two sources for one row).</summary>
    public string? MustBeEmpty { get; init; }
}

/// <summary>A query parameter: its GoogleSQL type (<c>ARRAY</c> with <paramref name="ElementType"/>) and value as SQLite takes it.</summary>
internal sealed record Parameter(string Name, string Type, object? Value, string? ElementType = null);
