namespace TransactionPipeline.GoogleStandIn.Sql;

/// <summary>
/// Translates the GoogleSQL that the project uses into SQLite's, statement by statement, with types, since NUMERIC needs functions there.
/// Small on purpose: whatever it does not know it refuses, as BigQuery refuses a wrong query.
/// </summary>
/// <param name="sql">A statement or a script.</param>
/// <param name="parameters">The named parameters.</param>
/// <param name="find">Finds a table by the parts of its path; throws <see cref="SqlRefusedException"/>.</param>
internal sealed partial class Translator(
    string sql, IReadOnlyDictionary<string, Parameter> parameters, Func<string[], TableShape> find)
{
    private readonly List<Token> _tokens = Lexer.Read(sql);
    private readonly Dictionary<string, TableShape> _temporary = new(StringComparer.OrdinalIgnoreCase);
    private int _at;
    private int _queries;
    private List<Scan> _scans = [];
    private Scope? _scope;

    private Token Next => _tokens[_at];

    /// <summary>The next statement; null at the end of the script.</summary>
    public Statement? ReadStatement()
    {
        while (Take(";"))
        {
        }
        if (Next.Kind == TokenKind.End) return null;
        _scans = [];
        _scope = null;
        var statement = Next.Text.ToUpperInvariant() switch
        {
            "SELECT" or "WITH" or "(" => Select(),
            "BEGIN" => Transaction(StatementKind.Begin),
            "COMMIT" => Transaction(StatementKind.Commit),
            "ROLLBACK" => Transaction(StatementKind.Rollback),
            "CREATE" => CreateTemporary(),
            "INSERT" => Insert(),
            "DELETE" => Delete(),
            "UPDATE" => Update(),
            "MERGE" => Merge(),
            _ => throw Unexpected(),
        };
        if (Next.Kind != TokenKind.End) Expect(";");
        return statement;
    }

    private Statement Select()
    {
        var query = Query();
        return new(StatementKind.Select, [query.Sql], query.Columns, _scans);
    }

    private Statement Transaction(StatementKind kind)
    {
        _at++;
        Expect("TRANSACTION");
        return new(kind, [], [], []);
    }

    private Statement CreateTemporary()
    {
        Expect("CREATE");
        if (!Take("TEMP")) Expect("TEMPORARY");
        Expect("TABLE");
        var name = Identifier();
        Expect("AS");
        var query = Query();
        var table = new TableShape($"temp.\"{name}\"", name, query.Columns, IsTemporary: true);
        _temporary[name] = table;
        return new(StatementKind.CreateTemporary, [$"CREATE TABLE {table.Name} AS {query.Sql}"], query.Columns, _scans, table);
    }

    private Statement Insert()
    {
        Expect("INSERT");
        Take("INTO");
        var table = Table();
        var columns = ColumnList(table);
        string rows;
        IReadOnlyList<Column> given;
        if (Next.Is("VALUES"))
        {
            _at++;
            var values = new List<string>();
            var types = new List<Column>();
            do
            {
                Expect("(");
                var row = List(Expression);
                Expect(")");
                types = [.. row.Select(value => new Column("", value.Type))];
                values.Add($"({string.Join(", ", row.Select(value => value.Sql))})");
            }
            while (Take(","));
            rows = "VALUES " + string.Join(", ", values);
            given = types;
        }
        else
        {
            var query = Query();
            rows = query.Sql;
            given = query.Columns;
        }
        CheckAssignable(table, columns, given);
        return new(StatementKind.Change, [$"INSERT INTO {table.Name} ({Names(columns)}) {rows}"], [], _scans, table);
    }

    private Statement Delete()
    {
        Expect("DELETE");
        Take("FROM");
        var (table, alias) = Target();
        Expect("WHERE");
        return new(StatementKind.Change, [$"DELETE FROM {table.Name} AS {alias} WHERE {Condition()}"], [], _scans, table);
    }

    private Statement Update()
    {
        Expect("UPDATE");
        var (table, alias) = Target();
        Expect("SET");
        var set = Assignments(table);
        Expect("WHERE");
        return new(StatementKind.Change, [$"UPDATE {table.Name} AS {alias} SET {set} WHERE {Condition()}"], [], _scans, table);
    }

    // SQLite has no MERGE: the source is put aside, then what matches is updated, then what does not is inserted.
    private Statement Merge()
    {
        Expect("MERGE");
        Take("INTO");
        var (table, alias) = Target();
        Expect("USING");
        var source = FromItem();
        Expect("ON");
        _scope!.Relations.Add(source.Relation);
        var on = Expression().Sql;
        var from = $"temp.merge_source AS {Quote(source.Relation.Alias)}";
        var steps = new List<string> { "DROP TABLE IF EXISTS temp.merge_source", $"CREATE TEMP TABLE merge_source AS SELECT * FROM {source.Sql}" };
        string? update = null, insert = null;
        while (Take("WHEN"))
        {
            var matched = !Take("NOT");
            Expect("MATCHED");
            var condition = Take("AND") ? $" AND ({Expression().Sql})" : "";
            Expect("THEN");
            if (matched)
            {
                Expect("UPDATE");
                Expect("SET");
                update = $"UPDATE {table.Name} AS {alias} SET {Assignments(table)} FROM {from} WHERE ({on}){condition}";
            }
            else
            {
                Expect("INSERT");
                var columns = ColumnList(table);
                Expect("VALUES");
                Expect("(");
                var values = List(Expression);
                Expect(")");
                CheckAssignable(table, columns, [.. values.Select(value => new Column("", value.Type))]);
                insert = $"INSERT INTO {table.Name} ({Names(columns)}) SELECT {string.Join(", ", values.Select(value => value.Sql))} FROM {from} "
                    + $"WHERE NOT EXISTS (SELECT 1 FROM {table.Name} AS {alias} WHERE {on}){condition}";
            }
        }
        if (update is not null) steps.Add(update);
        if (insert is not null) steps.Add(insert);
        return new(StatementKind.Change, steps, [], _scans, table)
        {
            MustBeEmpty = $"SELECT 1 FROM {table.Name} AS {alias} JOIN {from} ON {on} GROUP BY {alias}.rowid HAVING count(*) > 1 LIMIT 1",
        };
    }

    private (TableShape Table, string Alias) Target()
    {
        var table = Table();
        Take("AS");
        var alias = Next.Kind == TokenKind.Word && !Next.Is("WHERE") && !Next.Is("SET") && !Next.Is("USING") ? Identifier() : ShortName(table);
        _scope = new Scope([AddScan(table, alias)], null);
        return (table, Quote(alias));
    }

    private string Assignments(TableShape table)
    {
        var sets = List(() =>
        {
            var column = FindColumn(table, Identifier());
            Expect("=");
            var value = Expression();
            CheckAssignable(table, [column], [new Column("", value.Type)]);
            return $"{Quote(column.Name)} = {value.Sql}";
        });
        return string.Join(", ", sets);
    }

    private List<Column> ColumnList(TableShape table)
    {
        if (!Take("(")) return [.. table.Columns];
        var columns = List(() => FindColumn(table, Identifier()));
        Expect(")");
        return columns;
    }

    private static Column FindColumn(TableShape table, string name) =>
        table.Columns.FirstOrDefault(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new SqlRefusedException($"Column {name} is not present in table {table.Id}");

    private static void CheckAssignable(TableShape table, List<Column> columns, IReadOnlyList<Column> given)
    {
        if (columns.Count != given.Count)
            throw new SqlRefusedException($"Inserted row has wrong column count; Has {given.Count}, expected {columns.Count}");
        for (var i = 0; i < columns.Count; i++)
        {
            if (!Types.CanAssign(columns[i].Type, given[i].Type))
                throw new SqlRefusedException($"Query column {i + 1} has type {given[i].Type} which cannot be inserted into column {columns[i].Name}, which has type {columns[i].Type}, of {table.Id}");
        }
    }
}
