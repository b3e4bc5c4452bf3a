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
}
