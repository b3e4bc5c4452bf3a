using System.Text;

namespace TransactionPipeline.GoogleStandIn.Sql;

/// <summary>Queries: SELECT, joins, set operations.</summary>
internal sealed partial class Translator
{
    private sealed record Scope(List<Relation> Relations, Scope? Parent);

    private sealed record Relation(string Alias, IReadOnlyList<Column> Columns, Scan? Scan);

    private sealed record Translated(string Sql, IReadOnlyList<Column> Columns);

    private Translated Query()
    {
        var first = SelectCore();
        var text = new StringBuilder(first.Sql);
        while (Next.Is("UNION"))
        {
            _at++;
            var all = Take("ALL");
            if (!all) Expect("DISTINCT");
            text.Append(all ? " UNION ALL " : " UNION ").Append(SelectCore().Sql);
        }
        if (Take("ORDER"))
        {
            Expect("BY");
            // By the names or numbers of the result's columns: the same in both languages.
            var result = new Relation("", first.Columns, null);
            _scope = new Scope([result], _scope);
            text.Append(" ORDER BY ").AppendJoin(", ", List(OrderItem));
            _scope = _scope.Parent;
        }
        if (Take("LIMIT")) text.Append(" LIMIT ").Append(Expression().Sql);
        return new(text.ToString(), first.Columns);
    }

    private Translated SelectCore()
    {
        Expect("SELECT");
        _queries++;
        var distinct = Take("DISTINCT") ? "DISTINCT " : "";
        var outer = _scope;
        var items = _at;
        var from = SkipTo("FROM");
        _scope = new Scope([], outer);
        var source = "";
        var after = from;
        if (Next.Is("FROM"))
        {
            _at++;
            source = " FROM " + FromList();
            after = _at;
        }
        _at = items;
        var (columns, list) = SelectList();
        if (_at != from) throw Unexpected();
        _at = after;
        var text = new StringBuilder($"SELECT {distinct}{list}{source}");
        if (Take("WHERE")) text.Append(" WHERE ").Append(Condition());
        if (Take("GROUP"))
        {
            Expect("BY");
            text.Append(" GROUP BY ").AppendJoin(", ", List(() => Expression().Sql));
        }
        if (Take("HAVING"))
        {
            text.Append(" HAVING ").Append(Expression().Sql);
        }
        _scope = outer;
        return new(text.ToString(), columns);
    }

    private (List<Column> Columns, string List) SelectList()
    {
        var columns = new List<Column>();
        var list = List(() =>
        {
            if (Take("*"))
            {
                var all = _scope!.Relations.SelectMany(relation => relation.Columns.Select(column => Refer(relation, column))).ToList();
                columns.AddRange(all.Select(column => new Column(column.Name!, column.Type)));
                return string.Join(", ", all.Select(column => column.Sql));
            }
            var value = Expression();
            var name = Take("AS") ? Identifier() : value.Name ?? $"f{columns.Count}_";
            columns.Add(new Column(name, value.Type == "NULL" ? "INT64" : value.Type));
            return $"{value.Sql} AS {Quote(name)}";
        });
        return (columns, string.Join(", ", list));
    }

    private string FromList()
    {
        var first = FromItem();
        _scope!.Relations.Add(first.Relation);
        var text = new StringBuilder(first.Sql);
        while (true)
        {
            var kind = Next.Is("LEFT") ? "LEFT JOIN" : Next.Is("JOIN") || Next.Is("INNER") ? "JOIN" : Next.Is("CROSS") || Next.Is(",") ? "CROSS JOIN" : null;
            if (kind is null) return text.ToString();
            if (!Take(","))
            {
                while (!Take("JOIN")) _at++;
            }
            var item = FromItem();
            _scope.Relations.Add(item.Relation);
            text.Append(' ').Append(kind).Append(' ').Append(item.Sql);
            if (Take("ON")) text.Append(" ON ").Append(Expression().Sql);
            else if (kind != "CROSS JOIN") throw Unexpected();
        }
    }

    private (string Sql, Relation Relation) FromItem()
    {
        if (Take("("))
        {
            var outer = _scope;
            _scope = null;
            var query = Query();
            _scope = outer;
            Expect(")");
            var name = Alias() ?? $"s{_at}";
            return ($"({query.Sql}) AS {Quote(name)}", new Relation(name, query.Columns, null));
        }
        if (Take("UNNEST"))
        {
            Expect("(");
            var array = Expression();
            Expect(")");
            var name = Alias() ?? throw Unexpected();
            return ($"(SELECT value AS {Quote(name)} FROM json_each({array.Sql})) AS {Quote(name)}", new Relation(name, [new Column(name, ElementType(array))], null));
        }
        var table = Table();
        var alias = Alias() ?? ShortName(table);
        return ($"{table.Name} AS {Quote(alias)}", AddScan(table, alias));
    }

    private string? Alias()
    {
        if (Take("AS")) return Identifier();
        return Next.Kind == TokenKind.Word && !IsReserved(Next) ? Identifier() : null;
    }

    private Relation AddScan(TableShape table, string alias)
    {
        var scan = new Scan(table, alias);
        _scans.Add(scan);
        return new Relation(alias, table.Columns, scan);
    }

    private TableShape Table()
    {
        var parts = Next.Kind == TokenKind.Path ? Next.Text.Split('.') : null;
        if (parts is not null) _at++;
        else
        {
            var names = new List<string> { Identifier() };
            while (Take(".")) names.Add(Identifier());
            parts = [.. names];
        }
        return parts.Length == 1 && _temporary.TryGetValue(parts[0], out var table) ? table : find(parts);
    }

    /// <summary>The condition of WHERE. Its parts that look at the partition column alone tell which partitions are not read.</summary>
    private string Condition()
    {
        var start = _at;
        var parts = new List<string>();
        var prunes = new List<(Scan Scan, string Sql)>();
        do
        {
            _touched.Clear();
            var queries = _queries;
            var part = NotExpression();
            parts.Add(part.Sql);
            if (_touched is [var only] && only.Scan is { } scan && queries == _queries
                && only.Column.Equals(scan.Table.PartitionField, StringComparison.OrdinalIgnoreCase))
                prunes.Add((scan, part.Sql));
        }
        while (Take("AND"));
        if (Next.Is("OR"))
        {
            _at = start;
            return Expression().Sql;
        }
        foreach (var (scan, prune) in prunes) scan.Prunes.Add(prune);
        return string.Join(" AND ", parts);
    }

    private string OrderItem()
    {
        var value = Expression();
        var order = value.Type == "NUMERIC" ? value.Sql + " COLLATE NUM" : value.Sql;
        if (Take("DESC")) return order + " DESC";
        Take("ASC");
        return order;
    }

    // The select list comes before the tables it speaks of.
    private int SkipTo(string word)
    {
        var depth = 0;
        // The FROM of IS DISTINCT FROM is not the one.
        while (Next.Kind != TokenKind.End && !(depth == 0 && ((Next.Is(word) && !_tokens[_at - 1].Is("DISTINCT")) || Next.Is(";") || Next.Is(")") || Next.Is("UNION") || Next.Is("WHERE"))))
        {
            depth += Next.Is("(") ? 1 : Next.Is(")") ? -1 : 0;
            _at++;
        }
        return _at;
    }
}
