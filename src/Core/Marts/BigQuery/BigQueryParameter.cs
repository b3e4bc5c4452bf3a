namespace TransactionPipeline.Core.Marts.BigQuery;

/// <summary>Named, typed query parameters: the only way in which values reach SQL.</summary>
internal static class BigQueryParameter
{
    public static QueryParameter Text(string name, string value) => Scalar(name, "STRING", value);

    public static QueryParameter Day(string name, DateOnly value) => Scalar(name, "DATE", $"{value:O}");

    public static QueryParameter Whole(string name, long value) => Scalar(name, "INT64", $"{value}");

    public static QueryParameter Days(string name, IEnumerable<DateOnly> values) => new(
        name,
        new ParameterType("ARRAY", new ParameterType("DATE")),
        new ParameterValue(ArrayValues: [.. values.Select(value => new ParameterValue($"{value:O}"))]));

    private static QueryParameter Scalar(string name, string type, string value) => new(name, new ParameterType(type), new ParameterValue(value));
}
