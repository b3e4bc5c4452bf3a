namespace TransactionPipeline.Web.Dashboard;

/// <summary>Everything that <c>dashboard.hbs</c> may show. Texts are ready to be read; the template escapes and places them.</summary>
/// <param name="UserName">Who is signed in.</param>
/// <param name="SignOut">The hidden field of the sign-out form; null for a caller without a cookie.</param>
/// <param name="Filters">The filters as they were typed.</param>
/// <param name="Notice">What the reader must know first; or null.</param>
/// <param name="Month">The month's sales; null when there is nothing to show.</param>
public sealed record DashboardPage(string? UserName, FormToken? SignOut, FilterForm Filters, Notice? Notice, MonthView? Month);

/// <summary>A hidden field that proves that a form is the app's own.</summary>
public sealed record FormToken(string Field, string Value);

/// <summary>The filter form.</summary>
public sealed record FilterForm(
    bool IsWarehouse, bool IsOperational, Field Mart, Field Prefix, Field Month,
    Field MinAmount, Field MaxQuantity, Field MinAvgPrice, Field MaxAvgPrice, bool MoreIsOpen);

/// <summary>One field: what was typed, and what is wrong with it (null: nothing).</summary>
public sealed record Field(string Value, string? Error);

/// <summary>A banner.</summary>
/// <param name="Kind"><c>info</c>, <c>stale</c> or <c>error</c>: also its CSS class.</param>
/// <param name="Title">The state in a few words.</param>
/// <param name="Text">Why, and what may be done.</param>
/// <param name="Links">Ways out.</param>
public sealed record Notice(string Kind, string Title, string Text, params IReadOnlyList<PageLink> Links)
{
    /// <summary>Announced at once by screen readers.</summary>
    public bool IsUrgent => Kind != "info";
}

/// <summary>A link.</summary>
public sealed record PageLink(string Text, string Url);

/// <summary>One month's sales.</summary>
public sealed record MonthView(
    string Heading, string About, PageLink? Previous, PageLink? Next, Freshness Freshness, IReadOnlyList<Figure> Figures,
    ProductsView? Products, TrendView Trend, TableView? Table);

/// <summary>How old the data is and where it came from.</summary>
public sealed record Freshness(
    string CheckedAgo, string CheckedAt, string DataAsOf, string DataAsOfMachine, string Store, string How, bool IsStale);

/// <summary>A key figure.</summary>
/// <param name="Label">Exactly what it is.</param>
/// <param name="Value">The number.</param>
/// <param name="IsMoney">It is an amount of money.</param>
/// <param name="Note">A word more; or null.</param>
public sealed record Figure(string Label, string Value, bool IsMoney = false, string? Note = null)
{
    private const int Long = 10;

    /// <summary>The number needs smaller digits to stay on one line.</summary>
    public bool IsLong => Value.Length > Long;
}

/// <summary>The month's products: a chart and the same as a table.</summary>
public sealed record ProductsView(string Title, string Chart, IReadOnlyList<ProductLine> Lines);

/// <summary>A line of the products' table.</summary>
public sealed record ProductLine(string Product, bool IsRest, string Amount, string Share, string Transactions);

/// <summary>The last 12 months: a chart and the same as a table; or why there is none.</summary>
public sealed record TrendView(string Title, string? Chart, string? Note, IReadOnlyList<TrendLine> Lines);

/// <summary>A line of the months' table.</summary>
public sealed record TrendLine(string Month, string Machine, string Url, string Amount, string Transactions, bool IsChosen);

/// <summary>One page of the mart's rows.</summary>
public sealed record TableView(
    bool IsOperational, bool HasId, bool HasPieces, string Caption, string Range, IReadOnlyList<TableLine> Lines, string? PreviousUrl, string? NextUrl)
{
    /// <summary>There is more than this page.</summary>
    public bool HasPages => PreviousUrl is not null || NextUrl is not null;
}

/// <summary>A row: the product's mask, the id's first digits, never a name.</summary>
public sealed record TableLine(string Product, string? Id, string Date, string Amount, string Price, string Transactions, string? Pieces);
