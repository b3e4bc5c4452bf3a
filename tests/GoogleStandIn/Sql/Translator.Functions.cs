namespace TransactionPipeline.GoogleStandIn.Sql;

/// <summary>Functions and the small tools of the parser.</summary>
internal sealed partial class Translator
{
    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "SELECT", "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "BY", "LIMIT", "UNION", "JOIN", "LEFT", "INNER", "CROSS", "ON", "AS", "AND", "OR",
        "NOT", "IN", "IS", "WHEN", "THEN", "ELSE", "END", "USING", "SET", "VALUES", "OVER", "PARTITION", "DESC", "ASC", "BETWEEN", "DISTINCT", "WITH",
        "MERGE", "INSERT", "CASE", "EXISTS",
    };

    private Typed Function()
    {
        var name = Identifier().ToUpperInvariant();
        Expect("(");
        switch (name)
        {
            case "COUNT" when Take("*"):
                Expect(")");
                return new("count(*)", "INT64");
            case "COUNT":
                var distinct = Take("DISTINCT") ? "DISTINCT " : "";
                return new($"count({distinct}{Closed(Expression()).Sql})", "INT64");
            case "CAST":
                var value = Expression();
                Expect("AS");
                var type = Identifier().ToUpperInvariant();
                Expect(")");
                return Cast(value, type);
            case "DATE_TRUNC":
                var date = Expression();
                Expect(",");
                Expect("MONTH");
                Expect(")");
                Check(date.Type == "DATE", name, date);
                return new($"(substr({date.Sql}, 1, 7) || '-01')", "DATE");
            case "CURRENT_TIMESTAMP":
                Expect(")");
                return new("@_now", "TIMESTAMP");
            case "ROW_NUMBER":
                Expect(")");
                Expect("OVER");
                Expect("(");
                Expect("PARTITION");
                Expect("BY");
                var partition = string.Join(", ", List(() => Expression().Sql));
                Expect("ORDER");
                Expect("BY");
                var order = string.Join(", ", List(OrderItem));
                Expect(")");
                return new($"row_number() OVER (PARTITION BY {partition} ORDER BY {order})", "INT64");
        }
        var arguments = List(Expression);
        Expect(")");
        var first = arguments[0];
        switch (name, arguments.Count)
        {
            case ("STARTS_WITH", 2):
                Check(first.Type == "STRING" && arguments[1].Type == "STRING", name, [.. arguments]);
                return new($"(substr({first.Sql}, 1, length({arguments[1].Sql})) = {arguments[1].Sql})", "BOOL");
            case ("SUM", 1):
                Check(Types.IsNumber(first.Type), name, first);
                return new($"{(first.Type == "NUMERIC" ? "num_sum" : "sum")}({first.Sql})", first.Type);
            case ("COUNTIF", 1):
                Check(first.Type == "BOOL", name, first);
                return new($"count(CASE WHEN {first.Sql} THEN 1 END)", "INT64");
            case ("MIN" or "MAX", 1) when first.Type != "NUMERIC":
                return new($"{name.ToLowerInvariant()}({first.Sql})", first.Type);
            case ("DIV", 2):
                var wide = Types.Wider(first, arguments[1], name);
                return wide == "NUMERIC" ? new($"num_idiv({first.Sql}, {arguments[1].Sql})", wide) : new($"({first.Sql} / {arguments[1].Sql})", "INT64");
            case ("ROUND", 2) when first.Type == "NUMERIC":
                return new($"num_round({first.Sql}, {arguments[1].Sql})", "NUMERIC");
            case ("IF", 3):
                return new($"CASE WHEN {first.Sql} THEN {arguments[1].Sql} ELSE {arguments[2].Sql} END", arguments[1].Type);
            case ("COALESCE" or "IFNULL", > 1):
                return new($"coalesce({string.Join(", ", arguments.Select(a => a.Sql))})", first.Type);
            case ("GREATEST", 2) when first.Type == "INT64":
                return new($"max({first.Sql}, {arguments[1].Sql})", first.Type);
            default:
                throw new SqlRefusedException($"Function not found: {name}");
        }
    }

    private static Typed Cast(Typed value, string type) => type switch
    {
        _ when type == value.Type => value with { Name = null },
        "NUMERIC" => new($"num({value.Sql})", type),
        "INT64" => new($"CAST({value.Sql} AS INTEGER)", type),
        "FLOAT64" => new($"CAST({value.Sql} AS REAL)", type),
        "STRING" => new($"CAST({value.Sql} AS TEXT)", type),
        "DATE" when value.Type is "STRING" or "NULL" => new(value.Sql, type),
        _ => throw new SqlRefusedException($"Invalid cast from {value.Type} to {type}"),
    };

    private static void Check(bool fits, string function, params ReadOnlySpan<Typed> arguments)
    {
        if (fits) return;
        throw new SqlRefusedException($"No matching signature for function {function} for argument types: {string.Join(", ", arguments.ToArray().Select(a => a.Type))}");
    }

    private Typed Closed(Typed value)
    {
        Expect(")");
        return value;
    }

    private string ElementType(Typed array)
    {
        var name = array.Sql.TrimStart('@');
        return array.Type == "ARRAY" && parameters.TryGetValue(name, out var parameter) ? parameter.ElementType! : throw new SqlRefusedException("Values referenced in UNNEST must be arrays");
    }

    private List<T> List<T>(Func<T> read)
    {
        var items = new List<T> { read() };
        while (Take(",")) items.Add(read());
        return items;
    }

    private string Identifier()
    {
        if (Next.Kind is not (TokenKind.Word or TokenKind.Path)) throw Unexpected();
        return _tokens[_at++].Text;
    }

    private bool Take(string word)
    {
        if (!Next.Is(word)) return false;
        _at++;
        return true;
    }

    private void Expect(string word)
    {
        if (!Take(word)) throw Unexpected(word);
    }

    private SqlRefusedException Unexpected(string? wanted = null) =>
        new($"Syntax error: {(wanted is null ? "" : $"Expected {wanted} but ")}Unexpected {(Next.Kind == TokenKind.End ? "end of script" : $"\"{Next.Text}\"")} at [1:{Next.Position + 1}]");

    private static bool IsReserved(Token token) => Reserved.Contains(token.Text);

    private static string ShortName(TableShape table) => table.Id[(table.Id.LastIndexOf('.') + 1)..];

    private static string Names(List<Column> columns) => string.Join(", ", columns.Select(column => Quote(column.Name)));

    private static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string Text(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
