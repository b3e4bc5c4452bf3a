namespace TransactionPipeline.Web.Dashboard;

/// <summary>The section <c>dashboard</c>.</summary>
public sealed class DashboardOptions
{
    /// <summary>
    /// A directory whose <c>*.hbs</c> files replace the shipped templates of the same name, one by one; relative to the content root.
    /// Changed files are taken up with the next request.
    /// </summary>
    /// <value>None: the shipped templates.</value>
    public string? Templates { get; set; }

    /// <summary>Rows on one page of the table.</summary>
    /// <value>50.</value>
    [ConfigurationKeyName("page_size")]
    public int PageSize { get; set; } = 50;
}
