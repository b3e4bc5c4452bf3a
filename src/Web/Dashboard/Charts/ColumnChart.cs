using static TransactionPipeline.Web.Dashboard.Charts.SvgWriter;

namespace TransactionPipeline.Web.Dashboard.Charts;

/// <summary>Columns over time with a scale on the left; one of them may be marked as the chosen one.</summary>
internal static class ColumnChart
{
    // Everything is placed in percent of the element, so that the page's style may make it wide and high as it needs; only the distance
    // of the labels from the baseline is in pixels (dy), because text does not stretch.
    private const decimal Left = 11;
    private const decimal Top = 4;
    private const decimal Baseline = 83;
    private const int Height = 260;

    /// <summary>The chart as an SVG element as wide as its container.</summary>
    /// <param name="id">Unique in the page; names the title and the description.</param>
    /// <param name="title">What the chart shows.</param>
    /// <param name="description">What is to be seen in it, for those who do not see it.</param>
    /// <param name="columns">The columns, in order.</param>
    public static string Render(string id, string title, string description, IReadOnlyList<Column> columns)
    {
        var scale = AxisScale.For(columns.Count == 0 ? 0 : columns.Max(column => column.Value));
        var svg = new SvgWriter()
            .Open("svg", ("class", "chart"), ("role", "img"), ("width", "100%"), ("height", Height),
                ("aria-labelledby", $"{id}-title {id}-desc"))
            .Leaf("title", title, ("id", $"{id}-title"))
            .Leaf("desc", description, ("id", $"{id}-desc"));
        foreach (var tick in scale.Ticks())
        {
            var y = Percent(Y(scale, tick));
            svg.Leaf("line", null, ("class", tick == 0 ? "axis" : "grid"), ("x1", Percent(Left)), ("x2", "100%"), ("y1", y), ("y2", y))
                .Leaf("text", Wording.Short(tick), ("class", "tick"), ("x", 0), ("y", y), ("dy", 4));
        }
        var slot = (100 - Left) / Math.Max(1, columns.Count);
        for (var i = 0; i < columns.Count; i++) Draw(svg, columns[i], scale, Left + (i * slot), slot);
        return svg.Close().ToString();
    }

    private static void Draw(SvgWriter svg, Column column, AxisScale scale, decimal x, decimal slot)
    {
        var y = Y(scale, column.Value);
        // A month that sold something never looks like one that sold nothing.
        if (column.Value > 0) y = Math.Min(y, Baseline - 0.8m);
        var middle = Percent(x + (slot / 2));
        svg.Open("g", ("class", column.IsChosen ? "column chosen" : "column"))
            .Leaf("title", column.Hover)
            .Leaf("rect", null, ("class", "hit"), ("x", Percent(x)), ("y", Percent(Top)), ("width", Percent(slot)), ("height", Percent(100 - Top)))
            .Leaf("rect", null, ("class", "mark"), ("x", Percent(x + (slot * 0.2m))), ("y", Percent(y)), ("width", Percent(slot * 0.6m)),
                ("height", Percent(Baseline - y)));
        // Twelve labels have no room on a phone, where the page's style shows the initials.
        foreach (var (label, style) in ((string, string)[])[(column.Label, "tick name full"), (column.Label[..1], "tick name initial")])
            svg.Leaf("text", label, ("class", style), ("x", middle), ("y", Percent(Baseline)), ("dy", 18), ("text-anchor", "middle"));
        if (column.SecondLabel is { } second)
            svg.Leaf("text", second, ("class", "tick"), ("x", middle), ("y", Percent(Baseline)), ("dy", 34), ("text-anchor", "middle"));
        svg.Close();
    }

    private static decimal Y(AxisScale scale, decimal value) => Baseline - Math.Round((Baseline - Top) * scale.Place(value), 2);
}

/// <summary>One column.</summary>
/// <param name="Label">Under it; three or four letters.</param>
/// <param name="SecondLabel">Under the label, where it changes; or null.</param>
/// <param name="Value">Its height.</param>
/// <param name="Hover">Shown to a pointer that rests on it.</param>
/// <param name="IsChosen">It is the one that the rest of the page is about.</param>
internal sealed record Column(string Label, string? SecondLabel, decimal Value, string Hover, bool IsChosen);
