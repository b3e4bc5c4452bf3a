using System.Globalization;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Sales;
using TransactionPipeline.Core.Tests.Ingestion;
using TransactionPipeline.Core.Tests.Marts;
using TransactionPipeline.Core.Tests.Postgres;

namespace TransactionPipeline.Google.Tests;

/// <summary>The same random files, loaded into every kind of store, give the same ids and the same answers to the same random questions.</summary>
[Collection(PostgresCollection.Name)]
public sealed class StoresAgreeTests(PostgresFixture server)
{
    private static readonly string[] Products =
    [
        "Halal", "Halal Tea", "Halal Teapot", "Halal Tea 2", "halal Tea", "HALAL Tea", "Halal%", "Halal_Tea", "Halal'; --", "Halal é", "Halal e\u0301",
        "Halal \ud83c\udf75", "Halal \uffee", "Vegan Tea", "Hala", " Halal", "Halal\tTea", "Halal \"x\"", "Halal \\", "",
    ];

    private static readonly string[] Prefixes = [.. Products, "H", "Halal T", "Halal Te", "Z", "\ud83c", "Halal\0"];

    [Property(MaxTest = 30, EndSize = 40)]
    public Property RandomFiles_InEveryStore_GiveTheSameAnswers() =>
        Prop.ForAll(Arb.From(Inputs), input => CheckAsync(input).GetAwaiter().GetResult());

    private static Gen<string> Lines =>
        from id in Gen.Choose(1, 60)
        from product in Gen.Elements(Products)
        from units in Gen.Frequency((8, Gen.Choose(-5, 2_000_000)), (1, Gen.Constant(int.MaxValue)), (1, Gen.Choose(0, 9)))
        from scale in Gen.Choose(0, 5)
        from quantity in Gen.Frequency((8, Gen.Choose(-3, 12)), (1, Gen.Elements(99, 100, 101, 1_000_000, -1_000_000)))
        from day in Gen.Choose(0, 92)
        select string.Create(
            CultureInfo.InvariantCulture,
            $"T-{id} é,\"{product.Replace("\"", "\"\"", StringComparison.Ordinal)}\",{units / (decimal)Math.Pow(10, scale)},{quantity},"
            + $"{new DateOnly(2023, 9, 15).AddDays(day):yyyy-MM-dd}");

    private static Gen<SalesQuery> Questions =>
        from mart in Gen.Elements(Mart.Warehouse, Mart.Operational)
        from prefix in Gen.Elements(Prefixes)
        from month in Gen.Elements(8, 9, 10, 11, 12)
        from day in Gen.Frequency((2, Gen.Constant(0)), (1, Gen.Choose(1, 28)))
        from amount in Gen.Choose(-1, 500)
        from quantity in Gen.Choose(-1, 100)
        from least in Gen.Choose(-1, 150)
        from most in Gen.Choose(-1, 200)
        select new SalesQuery
        {
            Mart = mart,
            Prefix = prefix,
            Month = new Month(2023, month),
            Day = day == 0 || mart == Mart.Warehouse ? null : new DateOnly(2023, month, day),
            MinAmount = amount < 0 ? null : amount,
            MaxQuantity = quantity < 0 ? null : quantity,
            MinAvgPrice = least < 0 ? null : least,
            MaxAvgPrice = most < 0 ? null : most,
        };

    private static Gen<Input> Inputs =>
        from files in Lines.ListOf().ListOf(3)
        from limits in Gen.Elements(10, 100).ListOf(3)
        from questions in Questions.ListOf(12)
        select new Input([.. files.Select(file => file.ToArray())], [.. limits], [.. questions]);

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
            var batch = await receiver.ReceiveAsync(ReceiverFixture.Header + string.Join('\n', file));
            if (batch.Accepted == 0) continue;
            await AssertSameAsync(stores, store => store.Writer.LoadAsync(batch.BatchId, CancellationToken.None));
            await AssertSameAsync(stores, async store => string.Join(',', await store.TransformAsync(new MartFilter("Halal", limit))));
        }

        await AssertSameAsync(stores, store => store.Source(Mart.Warehouse).FindNewestMonthAsync(CancellationToken.None));
        // BigQuery serves summaries only, but has the single sales beneath them too.
        var sales = await SalesInBigQueryAsync(google);
        foreach (var question in input.Questions)
        {
            await AssertSameAsync(stores, async store =>
            {
                var rows = store == google && question.Mart == Mart.Operational
                    ? Rows(sales.Where(row => Month.Of(row.Date) == question.Month && row.Product.StartsWith(question.Prefix, StringComparison.Ordinal)))
                    : await store.Source(question.Mart).ReadAsync(question.Key, CancellationToken.None);
                // As text: decimals that are equal may still be written differently, 1.5 and 1.50. Here they may not.
                return string.Join('\n', SalesView.Rows(rows, question));
            });
        }
    }

    private static async Task AssertSameAsync<T>(MartHarness[] stores, Func<MartHarness, Task<T>> ask)
    {
        var expected = await ask(stores[0]);
        foreach (var store in stores[1..]) Assert.Equal(expected, await ask(store));
    }

    private static async Task<MartRow[]> SalesInBigQueryAsync(GoogleFixture google)
    {
        var answer = await google.PostAsync($"bigquery/v2/projects/{GoogleFixture.Project}/queries", new JsonObject
        {
            ["query"] = "SELECT transaction_id, product, sale_date, amount, price, quantity FROM transactions_mart.fact_sales",
            ["useLegacySql"] = false,
        });
        return [.. (answer["rows"]?.AsArray() ?? []).Select(row =>
        {
            var cells = row!["f"]!.AsArray().Select(cell => (string)cell!["v"]!).ToArray();
            return new MartRow(
                cells[0], cells[1], DateOnly.Parse(cells[2], CultureInfo.InvariantCulture), decimal.Parse(cells[3], CultureInfo.InvariantCulture),
                decimal.Parse(cells[4], CultureInfo.InvariantCulture), 1, long.Parse(cells[5], CultureInfo.InvariantCulture));
        })];
    }

    private static MartRows Rows(IEnumerable<MartRow> rows)
    {
        var builder = new MartRowsBuilder();
        foreach (var row in rows) builder.Add(row);
        return builder.Build();
    }

    /// <summary>Files that are loaded one after the other, the marts' quantity limit after each, and what is asked in the end.</summary>
    private sealed record Input(string[][] Files, int[] Limits, SalesQuery[] Questions)
    {
        public override string ToString() =>
            $"{string.Join("\n--\n", Files.Select(file => string.Join('\n', file)))}\nlimits {string.Join(',', Limits)}\n{string.Join('\n', (object[])Questions)}";
    }
}
