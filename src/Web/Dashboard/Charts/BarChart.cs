using static TransactionPipeline.Web.Dashboard.Charts.SvgWriter;

namespace TransactionPipeline.Web.Dashboard.Charts;

/// <summary>Horizontal bars, each with its label and value on a line above it, so that it reads the same at any width.</summary>
internal static class BarChart
{
    private const int RowHeight = 40;
    private const int TextBaseline = 15;
    private const int BarTop = 23;
    private const int BarHeight = 8;

    /// <summary>The chart as an SVG element as wide as its container. Widths are percentages: text keeps its size on a phone.</summary>
    /// <param name="id">Unique in the page; names the title and the description.</param>
    /// <param name="title">What the chart shows.</param>
    /// <param name="description">What is to be seen in it, for those who do not see it.</param>
    /// <param name="bars">The bars, in order.</param>
    public static string Render(string id, string title, string description, IReadOnlyList<Bar> bars)
    {
        var greatest = bars.Count == 0 ? 0 : bars.Max(bar => bar.Value);
        var svg = new SvgWriter()
            .Open("svg", ("class", "chart"), ("role", "img"), ("width", "100%"), ("height", Math.Max(1, bars.Count) * RowHeight),
                ("aria-labelledby", $"{id}-title {id}-desc"))
            .Leaf("title", title, ("id", $"{id}-title"))
            .Leaf("desc", description, ("id", $"{id}-desc"));
        for (var i = 0; i < bars.Count; i++)
        {
            var bar = bars[i];
            var top = i * RowHeight;
            var width = greatest <= 0 ? 0 : Math.Max(0, 100 * bar.Value / greatest);
            svg.Open("g", ("class", bar.IsRest ? "bar bar-rest" : "bar"))
                .Leaf("title", bar.Hover)
                // The whole line answers to the pointer, not the thin bar alone.
                .Leaf("rect", null, ("class", "hit"), ("x", 0), ("y", top), ("width", "100%"), ("height", RowHeight))
                .Leaf("text", bar.Label, ("class", bar.IsRest ? "label" : "label code"), ("x", 0), ("y", top + TextBaseline))
                .Leaf("text", bar.ValueText, ("class", "value"), ("x", "100%"), ("y", top + TextBaseline), ("text-anchor", "end"))
                .Leaf("rect", null, ("class", "track"), ("x", 0), ("y", top + BarTop), ("width", "100%"), ("height", BarHeight), ("rx", 2))
                .Leaf("rect", null, ("class", "mark"), ("x", 0), ("y", top + BarTop), ("width", Percent(width)), ("height", BarHeight), ("rx", 2))
                .Close();
        }
        return svg.Close().ToString();
    }
}

/// <summary>One bar.</summary>
/// <param name="Label">Its name.</param>
/// <param name="Value">Its length.</param>
/// <param name="ValueText">The value as people read it.</param>
/// <param name="Hover">Shown to a pointer that rests on it.</param>
/// <param name="IsRest">It stands for all that have no bar of their own.</param>
internal sealed record Bar(string Label, decimal Value, string ValueText, string Hover, bool IsRest = false);
