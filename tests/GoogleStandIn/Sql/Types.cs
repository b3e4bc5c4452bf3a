namespace TransactionPipeline.GoogleStandIn.Sql;

/// <summary>An expression in SQLite's language and its GoogleSQL type.</summary>
/// <param name="Sql">SQLite's text.</param>
/// <param name="Type">INT64, NUMERIC, FLOAT64, STRING, DATE, TIMESTAMP, BOOL, ARRAY; <c>NULL</c> for the literal.</param>
/// <param name="Name">The column's name when the expression is one.</param>
/// <param name="IsLiteral">A literal takes the type it meets.</param>
internal readonly record struct Typed(string Sql, string Type, string? Name = null, bool IsLiteral = false);

internal static class Types
{
    public static bool IsNumber(string type) => type is "INT64" or "NUMERIC" or "FLOAT64";

    public static bool CanAssign(string column, string value) =>
        column == value || value == "NULL" || (column == "NUMERIC" && value == "INT64") || (column == "FLOAT64" && IsNumber(value));

    public static bool CanCompare(Typed a, Typed b) =>
        a.Type == b.Type || a.Type == "NULL" || b.Type == "NULL" || (IsNumber(a.Type) && IsNumber(b.Type))
        || (a.IsLiteral && a.Type == "STRING" && b.Type is "DATE" or "TIMESTAMP") || (b.IsLiteral && b.Type == "STRING" && a.Type is "DATE" or "TIMESTAMP");

    /// <summary>The type of arithmetic on both: FLOAT64 above NUMERIC above INT64.</summary>
    public static string Wider(Typed a, Typed b, string what)
    {
        if (a.Type == "NULL") return b.Type;
        if (b.Type == "NULL") return a.Type;
        if (!IsNumber(a.Type) || !IsNumber(b.Type))
            throw new SqlRefusedException($"No matching signature for operator {what} for argument types: {a.Type}, {b.Type}");
        // A literal such as 0.5 is FLOAT64, but beside a NUMERIC it is one.
        if (a.Type == "NUMERIC" && (b.Type != "FLOAT64" || b.IsLiteral)) return "NUMERIC";
        if (b.Type == "NUMERIC" && (a.Type != "FLOAT64" || a.IsLiteral)) return "NUMERIC";
        return a.Type == "FLOAT64" || b.Type == "FLOAT64" ? "FLOAT64" : a.Type == "NUMERIC" || b.Type == "NUMERIC" ? "NUMERIC" : "INT64";
    }

    /// <summary>The name in a schema on the wire (INTEGER) as GoogleSQL has it (INT64).</summary>
    public static string FromSchema(string type) => type.ToUpperInvariant() switch
    {
        "INTEGER" => "INT64",
        "FLOAT" => "FLOAT64",
        "BOOLEAN" => "BOOL",
        var other => other,
    };

    public static string ToSchema(string type) => type switch
    {
        "INT64" => "INTEGER",
        "FLOAT64" => "FLOAT",
        "BOOL" => "BOOLEAN",
        "NULL" => "INTEGER",
        _ => type,
    };

    public static string ToSqlite(string type) => type switch
    {
        "INT64" or "BOOL" or "TIMESTAMP" => "INTEGER",
        "FLOAT64" => "REAL",
        _ => "TEXT",
    };
}
