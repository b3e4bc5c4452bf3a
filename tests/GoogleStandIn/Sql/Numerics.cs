using System.Globalization;
using Microsoft.Data.Sqlite;

namespace TransactionPipeline.GoogleStandIn.Sql;

/// <summary>
/// NUMERIC on SQLite: decimal text in one canonical form, so that equality and grouping are those of the text; arithmetic, order and
/// sums go through these functions and are exact.
/// </summary>
internal static class Numerics
{
    private const int Scale = 9;

    public static void AddTo(SqliteConnection connection)
    {
        connection.CreateFunction<object?, string?>("num", value => Text(Parse(value)), isDeterministic: true);
        Binary(connection, "num_add", decimal.Add);
        Binary(connection, "num_sub", decimal.Subtract);
        Binary(connection, "num_mul", decimal.Multiply);
        Binary(connection, "num_div", (a, b) => b == 0 ? throw new SqlRefusedException("division by zero") : a / b);
        Binary(connection, "num_idiv", (a, b) => b == 0 ? throw new SqlRefusedException("division by zero") : decimal.Truncate(a / b));
        connection.CreateFunction<object?, object?, long?>(
            "num_cmp", (a, b) => Parse(a) is { } left && Parse(b) is { } right ? left.CompareTo(right) : null, isDeterministic: true);
        connection.CreateFunction<object?, long?, string?>(
            "num_round", (value, digits) => Parse(value) is { } number ? Text(Math.Round(number, (int)(digits ?? 0), MidpointRounding.AwayFromZero)) : null,
            isDeterministic: true);
        connection.CreateAggregate("num_sum", (decimal?)null, (decimal? sum, object? value) => Parse(value) is { } number ? (sum ?? 0) + number : sum, Text);
        connection.CreateCollation("NUM", (a, b) => decimal.Parse(a, CultureInfo.InvariantCulture).CompareTo(decimal.Parse(b, CultureInfo.InvariantCulture)));
    }

    /// <summary>At most 9 decimals, rounded half away from zero, without trailing zeros.</summary>
    public static string? Text(decimal? number) =>
        number is null ? null : (Math.Round(number.Value, Scale, MidpointRounding.AwayFromZero) / 1.0000000000000000000000000000m).ToString(CultureInfo.InvariantCulture);

    public static decimal? Parse(object? value) => value switch
    {
        null or DBNull => null,
        long whole => whole,
        double real => (decimal)real,
        string text when decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        _ => throw new SqlRefusedException($"Invalid NUMERIC value: {value}"),
    };

    private static void Binary(SqliteConnection connection, string name, Func<decimal, decimal, decimal> apply) =>
        connection.CreateFunction<object?, object?, string?>(
            name,
            (a, b) =>
            {
                try
                {
                    return Parse(a) is { } left && Parse(b) is { } right ? Text(apply(left, right)) : null;
                }
                catch (OverflowException)
                {
                    throw new SqlRefusedException($"numeric overflow: {a}, {b}");
                }
            },
            isDeterministic: true);
}
