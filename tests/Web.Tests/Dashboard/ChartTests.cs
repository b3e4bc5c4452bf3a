using System.Globalization;
using System.Xml.Linq;
using TransactionPipeline.Web.Dashboard;
using TransactionPipeline.Web.Dashboard.Charts;

namespace TransactionPipeline.Web.Tests.Dashboard;

public sealed class ChartTests
{
    private const string Nasty = "\"><script>alert('1')</script>&";

    [Theory]
    [InlineData("0", "1", "1")]
    [InlineData("0.01", "0.002", "0.01")]
    [InlineData("7", "2", "8")]
    [InlineData("103", "25", "125")]
    [InlineData("249.95", "50", "250")]
    [InlineData("1000", "200", "1000")]
    public void AxisScale_AnyGreatest_EndsOnARoundNumberAboveIt(string greatest, string step, string top)
    {
        var scale = AxisScale.For(Number(greatest));

        Assert.Equal((Number(step), Number(top)), (scale.Step, scale.Top));
        Assert.InRange(scale.Ticks().Count(), 2, 6);
    }

    [Fact]
    public void AxisScale_ManyValues_HoldsThemAllInAtMostFiveSteps()
    {
        for (var greatest = 0.0007m; greatest < 1e15m; greatest *= 1.37m)
        {
            var scale = AxisScale.For(greatest);
            Assert.InRange(scale.Top, greatest, greatest * 1.7m);
            Assert.InRange(scale.Ticks().Count(), 3, 6);
        }
    }

    [Fact]
    public void BarChart_NastyTexts_IsWellFormedAndUnstyled()
    {
        var svg = XElement.Parse(BarChart.Render("id", Nasty, Nasty, [new(Nasty, 3, Nasty, Nasty), new("b", 0, "0", "b", IsRest: true)]));

        AssertSafe(svg);
        Assert.Equal(Nasty, svg.Element("title")!.Value);
        Assert.Equal(["100%", "0%"], Marks(svg).Select(mark => mark.Attribute("width")!.Value));
    }

    [Fact]
    public void ColumnChart_NastyTexts_IsWellFormedAndUnstyled()
    {
        var svg = XElement.Parse(ColumnChart.Render("id", Nasty, Nasty, [new(Nasty, Nasty, 10, Nasty, IsChosen: false), new("b", null, 0, "b", IsChosen: true)]));

        AssertSafe(svg);
        Assert.Equal(["79%", "0%"], Marks(svg).Select(mark => mark.Attribute("height")!.Value));
    }

    [Fact]
    public void ColumnChart_LittleBesideMuch_StaysVisible()
    {
        var svg = XElement.Parse(ColumnChart.Render("id", "t", "d", [new("a", null, 1_000_000, "a", IsChosen: false), new("b", null, 0.01m, "b", IsChosen: false)]));

        Assert.Equal("0.8%", Marks(svg).Last().Attribute("height")!.Value);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(12)]
    public void Charts_AnyNumberOfValues_StayInsideTheirBox(int count)
    {
        var values = Enumerable.Range(1, count).Select(i => i * 33.33m).ToList();
        var bars = XElement.Parse(BarChart.Render("b", "t", "d", values.ConvertAll(value => new Bar("x", value, "x", "x"))));
        var columns = XElement.Parse(ColumnChart.Render("c", "t", "d", values.ConvertAll(value => new Column("x", null, value, "x", IsChosen: false))));

        foreach (var mark in Marks(bars).Concat(Marks(columns)))
        {
            Assert.InRange(Percent(mark, "x") + Percent(mark, "width"), 0, 100.01m);
            if (mark.Attribute("y")!.Value.EndsWith('%')) Assert.InRange(Percent(mark, "y") + Percent(mark, "height"), 0, 83.01m);
        }
    }

    [Theory]
    [InlineData("Halal Laptop", "0092273b")]
    [InlineData("Halal Mouse", "674f0435")]
    [InlineData("Halal Keyboard", "7f3036f2")]
    public void ProductMask_SeedsProducts_AreTheSeedsHashes(string product, string mask) => Assert.Equal(mask, ProductMask.Mask(product));

    [Theory]
    [InlineData("1999.98", "1,999.98")]
    [InlineData("0.005", "0.01")]
    [InlineData("-1234567.8", "-1,234,567.80")]
    public void Wording_Money_HasTwoDecimalsAndSeparators(string value, string text) => Assert.Equal(text, Wording.Money(Number(value)));

    [Theory]
    [InlineData("0", "0")]
    [InlineData("0.25", "0.25")]
    [InlineData("2500", "2.5 K")]
    [InlineData("150000", "150 K")]
    [InlineData("1250000", "1.25 M")]
    public void Wording_Short_FitsAnAxis(string value, string text) => Assert.Equal(text, Wording.Short(Number(value)));

    [Theory]
    [InlineData(0.4, "just now")]
    [InlineData(12.9, "12 s ago")]
    [InlineData(600, "10 min ago")]
    [InlineData(7200, "2 h ago")]
    [InlineData(200_000, "2 days ago")]
    public void Wording_Ago_IsOneNumberAndAUnit(double seconds, string text) => Assert.Equal(text, Wording.Ago(TimeSpan.FromSeconds(seconds)));

    private static void AssertSafe(XElement svg)
    {
        Assert.DoesNotContain(svg.DescendantsAndSelf(), element => element.Name.LocalName is "script" or "style" || element.Attribute("style") is not null);
        Assert.Equal(["id-title", "id-desc"], svg.Attribute("aria-labelledby")!.Value.Split(' '));
    }

    private static IEnumerable<XElement> Marks(XElement svg) => svg.Descendants("rect").Where(rect => rect.Attribute("class")?.Value == "mark");

    private static decimal Percent(XElement element, string name) => Number(element.Attribute(name)!.Value.TrimEnd('%'));

    private static decimal Number(string text) => decimal.Parse(text, CultureInfo.InvariantCulture);
}
