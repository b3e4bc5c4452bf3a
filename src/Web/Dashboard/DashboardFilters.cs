using Microsoft.Extensions.Primitives;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Sales;
using TransactionPipeline.Web.Sales;

namespace TransactionPipeline.Web.Dashboard;

/// <summary>
/// The filters of one request as they were typed, and what they mean. The rules are those of the sales routes
/// (<see cref="SalesParameters"/>); what a form adds is <c>mart</c>, and that an empty field is a field not filled in.
/// </summary>
internal sealed class DashboardFilters
{
    private const string MartName = "mart";
    private const string CursorName = "cursor";
    private const string MonthName = "month";
    private static readonly string[] Names =
        [MartName, "product_prefix", MonthName, "min_amount", "max_quantity", "min_avg_price", "max_avg_price"];

    private readonly Dictionary<string, string> _typed;
    private readonly ParameterErrors _errors = new();
    private readonly SalesParameters _parameters;

    /// <summary>Reads the query string of the page.</summary>
    public DashboardFilters(IQueryCollection query)
    {
        _typed = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (parameter, value) in query)
        {
            if (string.IsNullOrWhiteSpace(value)) continue;
            _typed[parameter == "sale_month" ? MonthName : parameter] = $"{value}".Trim();
        }
        Cursor = Typed(CursorName) is { Length: > 0 } cursor ? cursor : null;

        var mart = Mart.Warehouse;
        if (_typed.TryGetValue(MartName, out var name) && !MartNames.TryParse(name, out mart))
            _errors.Add(MartName, "must be warehouse or operational.");
        // A link that a person pasted may have more in its query string (utm_source); a page, unlike the API, does not mind.
        var known = _typed.Where(parameter => Names.Contains(parameter.Key, StringComparer.Ordinal) && parameter.Key != MartName);
        _parameters = SalesParameters.Parse(
            mart, new QueryCollection(known.ToDictionary(parameter => parameter.Key, parameter => new StringValues(parameter.Value), StringComparer.Ordinal)), _errors);
        // A day means its month here, and links and the field say so.
        if (_parameters.Month is { } month) _typed[MonthName] = month.ToString();
    }

    /// <summary>Which mart is asked.</summary>
    public Mart Mart => _parameters.Mart;

    /// <summary>What products must start with.</summary>
    public string Prefix => _parameters.Prefix;

    /// <summary>The month; null: the newest one with data.</summary>
    public Month? Month => _parameters.Month;

    /// <summary>Where the page of rows starts (<see cref="PageCursor"/>); null at the first one.</summary>
    public string? Cursor { get; }

    /// <summary>Whether every filter can be used.</summary>
    public bool AreValid => !_errors.Any;

    /// <summary>True when a filter on amount, pieces or price is typed.</summary>
    public bool HasMore => Names.Skip(3).Any(name => Typed(name).Length > 0);

    /// <summary>The question. The page is about whole months: a day in <c>month</c> means its month.</summary>
    public SalesQuery ToQuery(Month month) => _parameters.ToQuery(month) with { Day = null };

    /// <summary>What was typed for <paramref name="name"/>; empty when nothing was.</summary>
    public string Typed(string name) => _typed.GetValueOrDefault(name, "");

    /// <summary>What is wrong with it, as a sentence; null when nothing is.</summary>
    public string? ErrorOf(string name) => !_errors.ByParameter.TryGetValue(name, out var error) ? null : name switch
    {
        // The API's message has a product's name for an example; on this page no product has a name. It takes no days either.
        "product_prefix" => "Must be letters and digits, with single spaces inside, at most 64 characters.",
        MonthName => "Must be a month that exists, written YYYY-MM, such as 2023-10.",
        _ => Sentence(error[0]),
    };

    /// <summary>Marks <paramref name="name"/> as unusable for a reason found later.</summary>
    public void Refuse(string name, string reason) => _errors.Add(name, reason);

    /// <summary>The page with these filters.</summary>
    public string Url() => UrlWith([], null);

    /// <summary>
    /// The page with these filters in that month, which may not be the newest one any more, starting after <paramref name="cursor"/>.
    /// </summary>
    public string UrlOfPage(Month month, string? cursor) => UrlWith([(MonthName, month.ToString())], cursor);

    /// <summary>The page with these filters in another month; null: the newest one.</summary>
    public string UrlOfMonth(Month? month) => UrlWith([(MonthName, month?.ToString() ?? "")], null);

    /// <summary>The page of the same month without the filters on amount, pieces and price.</summary>
    public string UrlWithoutMore() => UrlWith([.. Names.Skip(3).Select(name => (name, ""))], null);

    /// <summary>The page with the default prefix and without the filters on amount, pieces and price.</summary>
    public string UrlOfDefaultPrefix() => UrlWith([("product_prefix", ""), .. Names.Skip(3).Select(name => (name, ""))], null);

    private string UrlWith(ReadOnlySpan<(string Name, string Value)> changes, string? cursor)
    {
        var query = QueryString.Empty;
        foreach (var name in Names)
        {
            var value = Typed(name);
            foreach (var change in changes) if (change.Name == name) value = change.Value;
            if (value.Length > 0) query = query.Add(name, value);
        }
        if (cursor is not null) query = query.Add(CursorName, cursor);
        return "/" + query.ToUriComponent();
    }

    private static string Sentence(string allowed) => char.ToUpperInvariant(allowed[0]) + allowed[1..];
}
