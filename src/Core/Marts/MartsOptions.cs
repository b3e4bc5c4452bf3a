namespace TransactionPipeline.Core.Marts;

/// <summary>The section <c>marts</c>: which store plays each part.</summary>
public sealed class MartsOptions
{
    /// <summary>The warehouse mart's store.</summary>
    /// <value><c>auto</c>; or <c>bigquery</c>, <c>postgres</c>, <c>sqlite</c>.</value>
    public string Warehouse { get; set; } = "auto";

    /// <summary>The operational mart's store.</summary>
    /// <value><c>auto</c>; or <c>postgres</c>, <c>sqlite</c>.</value>
    public string Operational { get; set; } = "auto";

    /// <summary>The guards of the two marts.</summary>
    public MartGuards Guard { get; set; } = new();
}

/// <summary>The section <c>marts.guard</c>.</summary>
public sealed class MartGuards
{
    /// <summary>The warehouse mart's guard.</summary>
    public MartGuardOptions Warehouse { get; set; } = new();

    /// <summary>The operational mart's guard.</summary>
    public MartGuardOptions Operational { get; set; } = new();

    /// <summary>The guard of a mart.</summary>
    public MartGuardOptions Of(Mart mart) => mart == Mart.Warehouse ? Warehouse : Operational;
}
