using TransactionPipeline.Contract.History;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Contract.Chaos;

/// <summary>What is in the marts, and what clients ask for: prefixes within each other, of three months of each mart.</summary>
internal static class ChaosKeys
{
    private static readonly string[] Prefixes = ["Halal", "Halal T", "Halal Tea", "Halal B", "Hal"];

    public static IReadOnlyList<Month> Months { get; } = [new(2023, 8), new(2023, 9), new(2023, 10)];

    /// <summary>In the order of an answer; the last one begins as the others do, up to its last letter but one.</summary>
    public static IReadOnlyList<string> Products { get; } = ["Halal Bag", "Halal Box", "Halal Tea", "Halal Team", "Halal Tin", "Halan"];

    public static IReadOnlyList<AnswerKey> All { get; } =
    [
        .. from mart in Enum.GetValues<Mart>()
           from month in Months
           from prefix in Prefixes
           select new AnswerKey(new(mart.Name(), month.ToString()), prefix),
    ];

    /// <summary>The question, from <c>/sales</c> on.</summary>
    public static string QuestionOf(AnswerKey key) =>
        $"/sales/{(key.Month.Mart == Mart.Warehouse.Name() ? "trends" : "pg-trends")}?sale_month={key.Month.Month}"
        + $"&product_prefix={Uri.EscapeDataString(key.Prefix)}&limit=10000";
}
