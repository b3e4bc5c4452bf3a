namespace TransactionPipeline.Core.Ingestion;

/// <summary>The columns of a transactions file, by the names its header must have.</summary>
public static class TransactionColumns
{
    /// <summary>The sale's id: any text.</summary>
    public const string Id = "transaction_id";

    /// <summary>The product's name; may be blank.</summary>
    public const string Product = "product";

    /// <summary>The price of one piece.</summary>
    public const string Price = "price";

    /// <summary>The number of pieces.</summary>
    public const string Quantity = "quantity";

    /// <summary>The day of the sale, YYYY-MM-DD.</summary>
    public const string Date = "date";

    /// <summary>All five, in the order in which they are usually written.</summary>
    public static IReadOnlyList<string> All { get; } = [Id, Product, Price, Quantity, Date];
}
