using System.Buffers.Text;
using System.Text;
using FsCheck.Xunit;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Sales;

namespace TransactionPipeline.Core.Tests.Sales;

/// <summary>A cursor that the server wrote is one that it reads, whatever the rows hold.</summary>
public sealed class SalesCursorTests
{
    private static readonly SalesQuery Everything = new() { Mart = Mart.Operational, Prefix = "", Month = new Month(2023, 10) };

    [Property(MaxTest = 300)]
    public void Decode_Encoded_IsTheSame(string? product, string? id, byte repeats)
    {
        var cursor = new SalesCursor(Utf8(product), id is null ? null : Utf8(id), repeats + 1);

        Assert.Equal(cursor, SalesCursor.TryDecode(cursor.Encode()));
    }

    [Property(MaxTest = 300)]
    public void Pages_OfAnyProductsAndIds_LoseAndRepeatNothing((string? Product, string? Id)[] given, bool hasIds)
    {
        var rows = Rows(given.Select(row => (Utf8(row.Product), hasIds ? Utf8(row.Id) : null)));

        Assert.Equal(rows.All().Select(row => row.TotalAmount), Pages(rows));
    }

    [Theory]
    [InlineData("Halal\nTea")]
    [InlineData("\n\n")]
    [InlineData("Halal \"Tea\", {p}\\")]
    [InlineData("حلال 🍵")]
    public void Pages_EndingOnSuchAProduct_GoOn(string product)
    {
        var rows = Rows([("A", "1"), (product, "1"), (product, "2\n3"), ("حم", "1")]);

        Assert.Equal(rows.All().Select(row => row.TotalAmount), Pages(rows));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("🍵")]
    [InlineData("a🍵")]
    [InlineData("\u0001")]
    public void Pages_OfVeryLongNamesAndIds_GoOnWithCursorsThatFitIntoAnAddress(string part)
    {
        var name = string.Concat(Enumerable.Repeat(part, 30_000));
        var rows = Rows([(name + "A", "1"), (name + "A", "2"), (name + "B", null), ("short", name + "1"), ("short", name + "2")]);
        var ids = Rows([(name, "1"), ("short", name + "1"), ("short", name + "2")]);

        Assert.Equal(rows.All().Select(row => row.TotalAmount), Pages(rows));
        Assert.Equal(ids.All().Select(row => row.TotalAmount), Pages(ids));
    }

    [Theory]
    [InlineData("B", "5", 1, 3)]
    [InlineData("B", "4", 1, 2)]
    [InlineData("B", "9", 1, 4)]
    [InlineData("AA", null, 7, 1)]
    [InlineData("A", "1", int.MaxValue, 1)]
    [InlineData("Z", "1", int.MaxValue, 5)]
    public void End_InAnotherVersion_IsAfterTheRowWhetherItIsStillThereOrNot(string product, string? id, int repeats, int expected)
    {
        var rows = Rows([("A", "1"), ("B", "3"), ("B", "5"), ("B", "7"), ("C", "1")]);

        Assert.Equal(expected, new SalesCursor(product, id, repeats).EndIn(rows));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("Halal Tea\n\n1")]
    [InlineData("{\"p\":\"Halal\"}")]
    [InlineData("{\"p\":null,\"i\":null,\"n\":1}")]
    [InlineData("{\"p\":\"Halal\",\"i\":null,\"n\":0}")]
    [InlineData("{\"p\":\"Halal\",\"i\":null,\"n\":-1}")]
    [InlineData("{\"p\":\"Halal\",\"i\":null,\"n\":9999999999}")]
    [InlineData("{\"p\":\"\\ud800\",\"i\":null,\"n\":1}")]
    public void Decode_AnythingElse_GivesNull(string text)
    {
        Assert.Null(SalesCursor.TryDecode(text));
        Assert.Null(SalesCursor.TryDecode(Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text))));
        byte[] broken = [.. "{\"p\":\""u8, 0xff, .. "\",\"i\":null}"u8];
        Assert.Null(SalesCursor.TryDecode(Base64Url.EncodeToString(broken)));
    }

    private static List<decimal> Pages(MartRows rows)
    {
        var amounts = new List<decimal>();
        for (var start = 0; ;)
        {
            var page = SalesView.Page(rows, Everything, limit: 1, start);
            amounts.AddRange(page.Rows.Select(row => row.TotalAmount));
            Assert.True(amounts.Count <= rows.Count, "The pages go round in circles.");
            if (page.Next is not { } next) return amounts;
            var text = SalesCursor.At(rows, next - 1).Encode();
            Assert.True(text.Length < 5000, "The cursor is too long for an address.");
            start = SalesCursor.TryDecode(text)!.EndIn(rows);
        }
    }

    private static MartRows Rows(IEnumerable<(string Product, string? Id)> given)
    {
        var builder = new MartRowsBuilder();
        var amount = 0;
        foreach (var (product, id) in given) builder.Add(new MartRow(id, product, new DateOnly(2023, 10, 1), ++amount, 1, 1, 1));
        return builder.Build();
    }

    // As every store and file holds it: without halves of characters.
    private static string Utf8(string? text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text ?? ""));
}
