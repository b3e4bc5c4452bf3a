namespace TransactionPipeline.Core.Marts;

/// <summary>The two marts that answer. Which store plays each part is configuration (<c>marts:warehouse</c>, <c>marts:operational</c>).</summary>
public enum Mart
{
    /// <summary>Monthly trends: one row for each product and month, from <c>summary_sales</c>.</summary>
    Warehouse,

    /// <summary>Day-level sales: one row for each transaction, from <c>pg_sales</c>.</summary>
    Operational,
}

/// <summary>The marts' names in keys, metrics, tables and settings.</summary>
public static class MartNames
{
    /// <summary><c>warehouse</c> or <c>operational</c>.</summary>
    public static string Name(this Mart mart) => mart switch
    {
        Mart.Warehouse => "warehouse",
        Mart.Operational => "operational",
        _ => throw new ArgumentOutOfRangeException(nameof(mart), mart, "There are two marts: warehouse and operational."),
    };

    /// <summary>The mart of a name made by <see cref="Name"/>; false for any other text.</summary>
    public static bool TryParse(string? name, out Mart mart)
    {
        mart = name == "operational" ? Mart.Operational : Mart.Warehouse;
        return name is "warehouse" or "operational";
    }
}
