using System.Globalization;
using FsCheck.Xunit;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Tests.Marts;

public sealed class MartRowsTests
{
    [Theory]
    [InlineData("249.9000", "249.9")]
    [InlineData("0.0000", "0")]
    [InlineData("-1.50", "-1.5")]
    [InlineData("100", "100")]
    [InlineData("79228162514264.3375935439500", "79228162514264.33759354395")]
    [InlineData("1844674407370955.1616", "1844674407370955.1616")]
    public void Build_Money_LosesItsTrailingZerosAndNothingElse(string given, string plain)
    {
        var row = Build(Row("a", Id(1)) with { TotalAmount = decimal.Parse(given, CultureInfo.InvariantCulture) })[0];

        Assert.Equal(plain, row.TotalAmount.ToString(CultureInfo.InvariantCulture));
    }

    [Property(MaxTest = 200)]
    public void Build_RowsInAnyOrder_AreSortedByProductThenId((byte Product, int Id)[] rows)
    {
        var given = rows.Select(row => Row($"P{row.Product % 5}", Id(row.Id))).ToArray();

        var built = Build(given).All().Select(row => (row.Product, row.TransactionId)).ToArray();

        var expected = given.Select(row => (row.Product, row.TransactionId)).ToArray();
        Array.Sort(expected, (a, b) => string.CompareOrdinal(a.Product, b.Product) is var order and not 0
            ? order : string.CompareOrdinal(a.TransactionId, b.TransactionId));
        Assert.Equal(expected, built);
    }

    [Fact]
    public void Build_IdsOfAnotherSystem_AreKeptAndSortedOrdinally()
    {
        var rows = Build(Row("a", Id(7)), Row("a", "Z-1"), Row("a", "é"), Row("a", "10"), Row("a", ""));

        Assert.Equal(["", Id(7), "10", "Z-1", "é"], rows.All().Select(row => row.TransactionId));
    }

    [Fact]
    public void Build_OneRowWithoutAnIdOrAQuantity_MakesTheColumnMissing()
    {
        var rows = Build(Row("a", Id(1)), Row("a", id: null) with { TotalQuantity = null }, Row("a", "x"));

        Assert.False(rows.HasTransactionId);
        Assert.False(rows.HasTotalQuantity);
        Assert.All(rows.All(), row => Assert.Null(row.TransactionId));
    }

    [Theory]
    [InlineData("an id made elsewhere")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void Build_ManyRowsWithoutAnIdBeforeTheFirstThatHasOne_HasNone(string id)
    {
        var builder = new MartRowsBuilder();
        for (var row = 0; row < 300; row++) builder.Add(new MartRow(null, "Halal Tea", new DateOnly(2023, 10, 1), row, 1m, 1, 1));
        builder.Add(new MartRow(id, "Halal Tea", new DateOnly(2023, 10, 1), 1m, 1m, 1, 1));

        var rows = builder.Build();

        Assert.Equal((301, false), (rows.Count, rows.HasTransactionId));
    }

    [Property(MaxTest = 100)]
    public void Codec_AnyRows_ComeBackTheSame((byte Product, int Id, int Amount, bool Foreign)[] rows)
    {
        var built = Build([.. rows.Select(row =>
            Row($"P{row.Product}", row.Foreign ? $"T{row.Id}" : Id(row.Id)) with { TotalAmount = row.Amount / 10_000m })]);

        var decoded = SnapshotCodec.TryDecode(SnapshotCodec.Encode(built));

        Assert.NotNull(decoded);
        Assert.Equal(built.All(), decoded.All());
    }

    [Fact]
    public void Codec_AnswerWithoutRows_IsToldByItsLength()
    {
        var lacking = Build(Row("a", id: null) with { TotalQuantity = null });
        MartRows[] empty = [MartRows.Empty, lacking.WithPrefix("x"), Build(Row("a", Id(1))).WithPrefix("x")];

        Assert.All(empty, rows => Assert.InRange(SnapshotCodec.Encode(rows).Length, 1, SnapshotCodec.MaxEmptyBytes));
        Assert.All([lacking, Build(Row("", Id(0)) with { TotalAmount = 0, AvgPrice = 0 })], rows =>
            Assert.True(SnapshotCodec.Encode(rows).Length > SnapshotCodec.MaxEmptyBytes));
    }

    [Fact]
    public void Codec_CutOffOrUnknownBytes_ReadAsMissing()
    {
        var bytes = SnapshotCodec.Encode(Build([.. Enumerable.Range(0, 100).Select(i => Row("a", Id(i)))]));

        Assert.Null(SnapshotCodec.TryDecode(bytes[..(bytes.Length / 2)]));
        Assert.Null(SnapshotCodec.TryDecode([99, .. bytes[1..]]));
        Assert.Null(SnapshotCodec.TryDecode([]));
    }

    [Theory]
    [InlineData("Halal", 4)]
    [InlineData("Halal Laptop", 2)]
    [InlineData("Halal Laptop Bag", 1)]
    [InlineData("Zzz", 0)]
    [InlineData("halal", 0)]
    public void WithPrefix_Narrower_IsWhatAFilterWouldKeep(string prefix, int count)
    {
        var rows = Build(Row("Halal Laptop", Id(1)), Row("Halal Laptop Bag", Id(2)), Row("Halal Mouse", Id(3)), Row("Halal", Id(4)));

        var narrowed = rows.WithPrefix(prefix);

        Assert.Equal(count, narrowed.Count);
        Assert.Equal(rows.All().Where(row => row.Product.StartsWith(prefix, StringComparison.Ordinal)), narrowed.All());
    }

    private static string Id(int number) => number.ToString("x64", CultureInfo.InvariantCulture);

    private static MartRow Row(string product, string? id) => new(id, product, new DateOnly(2023, 10, 1), 1, 1, 1, 1);

    private static MartRows Build(params MartRow[] rows)
    {
        var builder = new MartRowsBuilder();
        foreach (var row in rows) builder.Add(row);
        return builder.Build();
    }
}
