using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Sales;

namespace TransactionPipeline.Google.Tests;

/// <summary>The same random files, loaded into every kind of store, give the same ids and the same answers to the same random questions.</summary>
[Collection(PostgresCollection.Name)]
public sealed class StoresAgreeTests(PostgresFixture server)
{
    // What names and prefixes are made of: letters that fold or combine, halves of pairs once they are cut, quotes and wildcards of SQL and CSV.
    private static readonly string[] Pieces =
    [
        "a", "T", "e", "Tea", "pot", "1", " ", "é", "e\u0301", "ß", "İ", "ı", "\ud83c\udf75", "\uffee", "\u0627", "中", "'", "\"", "\"\"", ",", ";", "--", "%", "_", "\\",
        "\t", "/", "$1", "@p", "`",
    ];

    private static readonly string[] Odd = ["", " ", "H", "h", "Z", "Halal", "halal", "HALAL", "Halal\0", "\ud83c", "Halal'; DROP TABLE transactions; --"];

    private static readonly DateOnly Crowded = new(2023, 9, 15);
    private static readonly DateOnly Earliest = new(2021, 11, 20);

    [Property(MaxTest = 15, EndSize = 40)]
    public Property RandomFiles_InEveryStore_GiveTheSameAnswers() => SameAnswers();

    [Property(MaxTest = 100, EndSize = 60)]
    [Trait("Tier", "Long")]
    public Property ManyRandomFiles_InEveryStore_GiveTheSameAnswers() => SameAnswers();

    private Property SameAnswers() =>
        Prop.ForAll(Arb.From(Inputs), input => CheckAsync(input).GetAwaiter().GetResult());

    private static Gen<string> Text => Gen.Elements(Pieces).ListOf().Select(string.Concat);

    private static Gen<string> Products => Gen.Frequency(
        (6, Text.Select(rest => "Halal" + rest)),
        (2, Text.Select(rest => "Halal " + rest)),
        (1, Text.Select(rest => "halal" + rest)),
        (1, Gen.Elements(Odd.Where(text => !text.Contains('\0') && text != "\ud83c").ToArray())));

    // Several lines of an id, most days in a quarter, and some over years: a leap day, ends of years.
    private static Gen<Line> Lines =>
        from number in Gen.Choose(1, 60)
        from accent in Gen.Elements("", " é", "\ud83c\udf75", "'", "-")
        from product in Products
        from units in Gen.Frequency((8, Gen.Choose(-5, 2_000_000)), (1, Gen.Constant(int.MaxValue)), (1, Gen.Choose(0, 9)))
        from scale in Gen.Choose(0, 5)
        from quantity in Gen.Frequency((8, Gen.Choose(-3, 12)), (1, Gen.Elements(99, 100, 101, 1_000_000, -1_000_000)))
        from date in Gen.Frequency(
            (4, Gen.Choose(0, 92).Select(Crowded.AddDays)), (1, Gen.Choose(0, 1200).Select(Earliest.AddDays)), (1, Gen.Constant(new DateOnly(2024, 2, 29))))
        select new Line($"T-{number}{accent}", product, units / (decimal)Math.Pow(10, scale), quantity, date);

    private static Gen<Input> Inputs =>
        from files in Lines.ListOf().ListOf(3)
        from limits in Gen.Elements(10, 100).ListOf(3)
        from questions in QuestionsOf([.. files.SelectMany(file => file), new Line("", "Halal", 1, 1, Crowded)]).ListOf(20)
        select new Input([.. files.Select(file => file.ToArray())], [.. limits], [.. questions]);

    private static Gen<SalesQuery> QuestionsOf(Line[] lines) =>
        from mart in Gen.Elements(Mart.Warehouse, Mart.Operational)
        from line in Gen.Elements(lines)
        from prefix in PrefixesOf(line.Product)
        from away in Gen.Frequency((5, Gen.Constant(0)), (1, Gen.Choose(-13, 13)))
        from isDay in Gen.Frequency((2, Gen.Constant(false)), (1, Gen.Constant(true)))
        from amount in AroundOf(lines, other => other.Price * other.Quantity)
        from quantity in AroundOf(lines, other => other.Quantity)
        from least in AroundOf(lines, other => other.Price)
        from most in AroundOf(lines, other => other.Price)
        let day = line.Date.AddMonths(away)
        select new SalesQuery
        {
            Mart = mart,
            Prefix = prefix,
            Month = Month.Of(day),
            Day = isDay && mart == Mart.Operational ? day : null,
            MinAmount = amount,
            MaxQuantity = (long?)quantity,
            MinAvgPrice = least,
            MaxAvgPrice = most,
        };

    // A product's name cut anywhere, in another case, or a little more than it.
    private static Gen<string> PrefixesOf(string product) => Gen.Frequency(
        (5, Gen.Choose(0, product.Length).Select(length => product[..length])),
        (1, Gen.Choose(0, product.Length).Select(length => product[..length].ToUpperInvariant())),
        (1, Gen.Choose(0, product.Length).Select(length => product[..length].ToLowerInvariant())),
        (1, Gen.Elements(Pieces).Select(piece => product + piece)),
        (1, Gen.Elements(Odd)));

    // None, or a bound that a line lies on or beside.
    private static Gen<decimal?> AroundOf(Line[] lines, Func<Line, decimal> value) => Gen.Frequency(
        (4, Gen.Constant((decimal?)null)),
        (3, Gen.Elements(lines).Select(line => (decimal?)value(line))),
        (1, Gen.Elements(lines).Select(line => (decimal?)value(line) + 0.0001m)));

    private async Task CheckAsync(Input input)
    {
        using var receiver = new ReceiverFixture();
        await using var postgres = new PostgresMartHarness(await server.CreateDatabaseAsync());
        await using var google = await GoogleFixture.StartAsync();
        MartHarness[] stores = [receiver.Mart, postgres, google];
        receiver.Stores.Clear();
        receiver.Stores.AddRange(stores.Select(store => store.Writer));

        foreach (var (file, limit) in input.Files.Zip(input.Limits))
        {
            var batch = await receiver.ReceiveAsync(ReceiverFixture.Header + string.Join('\n', file.Select(line => line.ToCsv())));
            if (batch.Accepted == 0) continue;
            await AssertSameAsync(stores, store => store.Writer.LoadAsync(batch.BatchId, CancellationToken.None));
            await AssertSameAsync(stores, async store => string.Join(',', await store.TransformAsync(new MartFilter("Halal", limit))));
        }

        await AssertSameAsync(stores, store => store.Source(Mart.Warehouse).FindNewestMonthAsync(CancellationToken.None));
        foreach (var question in input.Questions)
        {
            await AssertSameAsync(stores, async store =>
            {
                var rows = await store.Source(question.Mart).ReadAsync(question.Key, CancellationToken.None);
                // As text: decimals that are equal may still be written differently, 1.5 and 1.50. Here they may not.
                return string.Join('\n', SalesView.Rows(rows, question));
            });
        }
        await AssertIdsAsync(stores, [.. input.Files.SelectMany(file => file)]);
    }

    /// <summary>Every id in every store is the SHA-256 of the UTF-8 of an id in the files, of a line with that product on that day.</summary>
    private static async Task AssertIdsAsync(MartHarness[] stores, Line[] lines)
    {
        // Blanks around a field are no part of it, and products are kept in composed form.
        var known = lines.Select(line => (Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(line.Id))), line.Product.Trim().Normalize(), line.Date)).ToHashSet();
        foreach (var month in lines.Select(line => Month.Of(line.Date)).Distinct())
        {
            foreach (var store in stores)
            {
                var rows = await store.Source(Mart.Operational).ReadAsync(new QueryKey(Mart.Operational, "", month), CancellationToken.None);
                Assert.All(rows.All(), row => Assert.Contains((row.TransactionId!, row.Product, row.Date), known));
            }
        }
    }

    private static async Task AssertSameAsync<T>(MartHarness[] stores, Func<MartHarness, Task<T>> ask)
    {
        var expected = await ask(stores[0]);
        foreach (var store in stores[1..]) Assert.Equal(expected, await ask(store));
    }

    /// <summary>Files that are loaded one after the other, the marts' quantity limit after each, and what is asked in the end.</summary>
    private sealed record Input(Line[][] Files, int[] Limits, SalesQuery[] Questions)
    {
        public override string ToString() =>
            $"{string.Join("\n--\n", Files.Select(file => string.Join('\n', file.Select(line => line.ToCsv()))))}\n"
            + $"limits {string.Join(',', Limits)}\n{string.Join('\n', (object[])Questions)}";
    }

    private sealed record Line(string Id, string Product, decimal Price, int Quantity, DateOnly Date)
    {
        public string ToCsv() => string.Create(
            CultureInfo.InvariantCulture,
            $"\"{Id}\",\"{Product.Replace("\"", "\"\"", StringComparison.Ordinal)}\",{Price},{Quantity},{Date:yyyy-MM-dd}");
    }
}
