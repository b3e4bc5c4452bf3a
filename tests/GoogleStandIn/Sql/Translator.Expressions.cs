namespace TransactionPipeline.GoogleStandIn.Sql;

/// <summary>Expressions, by precedence.</summary>
internal sealed partial class Translator
{
    private readonly List<(Scan? Scan, string Column)> _touched = [];

    private Typed Expression()
    {
        var left = AndExpression();
        while (Take("OR")) left = new($"({left.Sql} OR {AndExpression().Sql})", "BOOL");
        return left;
    }

    private Typed AndExpression()
    {
        var left = NotExpression();
        while (Take("AND")) left = new($"({left.Sql} AND {NotExpression().Sql})", "BOOL");
        return left;
    }

    private Typed NotExpression() => Take("NOT") ? new($"(NOT {NotExpression().Sql})", "BOOL") : Comparison();

    private Typed Comparison()
    {
        var left = Sum();
        if (Next.Kind == TokenKind.Symbol && Next.Text is "=" or "!=" or "<>" or "<" or ">" or "<=" or ">=")
        {
            var symbol = Next.Text == "<>" ? "!=" : Next.Text;
            _at++;
            return Compare(left, symbol, Sum());
        }
        if (Take("IS"))
        {
            var not = Take("NOT");
            if (Take("NULL")) return new($"({left.Sql} IS {(not ? "NOT " : "")}NULL)", "BOOL");
            if (Take("TRUE")) return new($"(({left.Sql}) IS {(not ? "NOT " : "")}1)", "BOOL");
            Expect("DISTINCT");
            Expect("FROM");
            var right = Sum();
            CheckComparable(left, "IS DISTINCT FROM", right);
            return new($"({Canonical(left, right)} IS {(not ? "" : "NOT ")}{Canonical(right, left)})", "BOOL");
        }
        var negated = Next.Is("NOT") && Take("NOT");
        if (Take("BETWEEN"))
        {
            var low = Sum();
            Expect("AND");
            var inside = $"({Compare(left, ">=", low).Sql} AND {Compare(left, "<=", Sum()).Sql})";
            return new(negated ? $"(NOT {inside})" : inside, "BOOL");
        }
        if (Take("IN")) return In(left, negated ? "NOT IN" : "IN");
        return negated ? throw Unexpected() : left;
    }

    private Typed In(Typed left, string keyword)
    {
        if (Take("UNNEST"))
        {
            Expect("(");
            var array = Expression();
            Expect(")");
            CheckComparable(left, "IN UNNEST", new("", ElementType(array)));
            return new($"({left.Sql} {keyword} (SELECT value FROM json_each({array.Sql})))", "BOOL");
        }
        Expect("(");
        string inside;
        if (Next.Is("SELECT"))
        {
            var query = Query();
            CheckComparable(left, "IN", new("", query.Columns[0].Type));
            inside = query.Sql;
        }
        else
        {
            var values = List(Expression);
            foreach (var value in values) CheckComparable(left, "IN", value);
            inside = string.Join(", ", values.Select(value => Canonical(value, left)));
        }
        Expect(")");
        return new($"({left.Sql} {keyword} ({inside}))", "BOOL");
    }

    private Typed Sum()
    {
        var left = Product();
        while (Next.Is("+") || Next.Is("-") || Next.Is("||"))
        {
            var symbol = Next.Text;
            _at++;
            left = symbol == "||" ? new($"({left.Sql} || {Product().Sql})", "STRING") : Arithmetic(left, symbol, Product());
        }
        return left;
    }

    private Typed Product()
    {
        var left = Unary();
        while (Next.Is("*") || Next.Is("/"))
        {
            var symbol = Next.Text;
            _at++;
            left = Arithmetic(left, symbol, Unary());
        }
        return left;
    }

    private Typed Unary()
    {
        if (!Take("-")) return Primary();
        var value = Unary();
        return value.Type == "NUMERIC" ? new($"num_sub(0, {value.Sql})", "NUMERIC") : value with { Sql = $"(-{value.Sql})", Name = null };
    }

    private Typed Primary()
    {
        var token = Next;
        switch (token.Kind)
        {
            case TokenKind.Number:
                _at++;
                return new(token.Text, token.Text.Contains('.', StringComparison.Ordinal) ? "FLOAT64" : "INT64", IsLiteral: true);
            case TokenKind.Text:
                _at++;
                return new(Text(token.Text), "STRING", IsLiteral: true);
            case TokenKind.Parameter:
                _at++;
                if (!parameters.TryGetValue(token.Text, out var parameter)) throw new SqlRefusedException($"Query parameter '{token.Text}' not found");
                return new($"@{parameter.Name}", parameter.Type);
            case TokenKind.Word when Take("NULL"):
                return new("NULL", "NULL");
            case TokenKind.Word when token.Is("TRUE") || token.Is("FALSE"):
                _at++;
                return new(token.Is("TRUE") ? "1" : "0", "BOOL");
            case TokenKind.Word when Take("CASE"):
                return Case();
            case TokenKind.Word when Take("EXISTS"):
                Expect("(");
                var query = Query();
                Expect(")");
                return new($"EXISTS ({query.Sql})", "BOOL");
            case TokenKind.Word when token.Is("DATE") && _tokens[_at + 1].Kind == TokenKind.Text:
                _at += 2;
                return new(Text(_tokens[_at - 1].Text), "DATE", IsLiteral: true);
            case TokenKind.Word when token.Is("NUMERIC") && _tokens[_at + 1].Kind == TokenKind.Text:
                _at += 2;
                return new($"num({Text(_tokens[_at - 1].Text)})", "NUMERIC", IsLiteral: true);
            case TokenKind.Word when _tokens[_at + 1].Is("("):
                return Function();
            case TokenKind.Word when !IsReserved(token):
                return ColumnReference();
            case TokenKind.Symbol when Take("("):
                if (Next.Is("SELECT"))
                {
                    var scalar = Query();
                    Expect(")");
                    return new($"({scalar.Sql})", scalar.Columns[0].Type);
                }
                var inner = Expression();
                Expect(")");
                return inner with { Sql = $"({inner.Sql})", Name = null };
            default:
                throw Unexpected();
        }
    }

    private Typed Case()
    {
        var text = "CASE";
        var type = "NULL";
        while (Take("WHEN"))
        {
            text += $" WHEN {Expression().Sql}";
            Expect("THEN");
            var value = Expression();
            text += $" THEN {value.Sql}";
            if (type == "NULL") type = value.Type;
        }
        if (Take("ELSE")) text += $" ELSE {Expression().Sql}";
        Expect("END");
        return new(text + " END", type);
    }

    private Typed ColumnReference()
    {
        var name = Identifier();
        if (Take("."))
        {
            var column = Identifier();
            for (var scope = _scope; scope is not null; scope = scope.Parent)
            {
                if (scope.Relations.Find(relation => relation.Alias.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } relation)
                    return Refer(relation, relation.Columns.FirstOrDefault(c => c.Name.Equals(column, StringComparison.OrdinalIgnoreCase)) ?? throw Unrecognized(column));
            }
            throw Unrecognized(name);
        }
        for (var scope = _scope; scope is not null; scope = scope.Parent)
        {
            var found = scope.Relations
                .SelectMany(relation => relation.Columns.Where(c => c.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(c => (relation, c)))
                .ToList();
            if (found.Count > 1) throw new SqlRefusedException($"Column name {name} is ambiguous");
            if (found.Count == 1) return Refer(found[0].relation, found[0].c);
        }
        throw Unrecognized(name);
    }

    private Typed Refer(Relation relation, Column column)
    {
        relation.Scan?.Columns.Add(column.Name);
        if (!_touched.Contains((relation.Scan, column.Name))) _touched.Add((relation.Scan, column.Name));
        return new(relation.Alias.Length == 0 ? Quote(column.Name) : $"{Quote(relation.Alias)}.{Quote(column.Name)}", column.Type, column.Name);
    }

    private static Typed Arithmetic(Typed a, string symbol, Typed b)
    {
        var type = Types.Wider(a, b, symbol);
        if (symbol == "/" && type == "INT64") return new($"(CAST({a.Sql} AS REAL) / {b.Sql})", "FLOAT64");
        if (type != "NUMERIC") return new($"({a.Sql} {symbol} {b.Sql})", type);
        var function = symbol switch { "+" => "num_add", "-" => "num_sub", "*" => "num_mul", _ => "num_div" };
        return new($"{function}({a.Sql}, {b.Sql})", "NUMERIC");
    }

    private static Typed Compare(Typed a, string symbol, Typed b)
    {
        CheckComparable(a, symbol, b);
        return a.Type == "NUMERIC" || b.Type == "NUMERIC"
            ? new($"(num_cmp({a.Sql}, {b.Sql}) {symbol} 0)", "BOOL")
            : new($"({a.Sql} {symbol} {b.Sql})", "BOOL");
    }

    private static void CheckComparable(Typed a, string symbol, Typed b)
    {
        if (!Types.CanCompare(a, b))
            throw new SqlRefusedException($"No matching signature for operator {symbol} for argument types: {a.Type}, {b.Type}");
    }

    private static string Canonical(Typed value, Typed other) =>
        value.Type != "NUMERIC" && other.Type == "NUMERIC" && value.Type != "NULL" ? $"num({value.Sql})" : value.Sql;

    private SqlRefusedException Unrecognized(string name) => new($"Unrecognized name: {name} at [1:{Next.Position}]");
}
