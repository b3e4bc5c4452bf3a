using TransactionPipeline.Contract.History;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Contract.Simulation;

/// <summary>What clients ask for: one prefix within another, of two months.</summary>
internal static class Keys
{
    private static readonly string[] Prefixes = ["Halal", "Halal L", "Halal Laptop", "Hala"];

    public static IReadOnlyList<Month> Months { get; } = [new(2023, 10), new(2023, 11)];

    public static IReadOnlyList<QueryKey> All { get; } =
        [.. Months.SelectMany(month => Prefixes.Select(prefix => new QueryKey(Mart.Warehouse, prefix, month)))];

    private static readonly Dictionary<QueryKey, AnswerKey> ToldKeys =
        All.ToDictionary(key => key, key => new AnswerKey(new(key.Mart.Name(), key.Month.ToString()), key.Prefix));

    /// <summary>The key as a history tells it.</summary>
    public static AnswerKey Told(QueryKey key) => ToldKeys[key];
}
