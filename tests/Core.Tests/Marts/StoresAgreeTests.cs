using FsCheck;
using FsCheck.Fluent;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Sales;
using TransactionPipeline.Core.Tests.Marts.Sqlite;
using TransactionPipeline.Core.Tests.Postgres;

namespace TransactionPipeline.Core.Tests.Marts;

/// <summary>The same random files, loaded into every kind of store, give the same answers to the same random questions.</summary>
[Collection(PostgresCollection.Name)]
public sealed class StoresAgreeTests(PostgresFixture server)
{
    private const int Cases = 40;

    private static readonly string[] Products =
    [
        "Halal", "Halal Tea", "Halal Teapot", "Halal Tea 2", "halal Tea", "HALAL Tea", "Halal%", "Halal_Tea", "Halal'; --", "Halal é", "Halal e\u0301",
        "Halal \ud83c\udf75", "Halal \uffee", "Vegan Tea", "Hala", " Halal", "Halal\tTea", "Halal \"x\"", "Halal \\", "",
    ];

    private static readonly string[] Prefixes = [.. Products, "H", "Halal T", "Halal Te", "Z", "\ud83c", "Halal\0"];

    /// <summary>Every kind of store; another joins with one line.</summary>
    private IReadOnlyList<Func<Task<MartHarness>>> Stores =>
    [
        () => Task.FromResult<MartHarness>(new SqliteMartFixture()),
        async () => new PostgresMartHarness(await server.CreateDatabaseAsync()),
    ];

    private static Gen<Transaction> Sales =>
        from id in Gen.Choose(1, 60)
        from product in Gen.Frequency((9, Gen.Elements(Products).Select(name => (string?)name)), (1, Gen.Constant((string?)null)))
        from units in Gen.Frequency((8, Gen.Choose(-5, 2_000_000)), (1, Gen.Constant(int.MaxValue)), (1, Gen.Choose(0, 9)))
        from quantity in Gen.Frequency((8, Gen.Choose(-3, 12)), (1, Gen.Elements(99, 100, 101, 1_000_000, -1_000_000)))
        from day in Gen.Choose(0, 92)
        select new Transaction(
            MartHarness.Id($"{id}"), product, units / 10_000m, quantity, new DateOnly(2023, 9, 15).AddDays(day));

    private static Gen<Case> Input =>
        from files in Sales.ListOf(40).ListOf(3)
        from limit in Gen.Elements(10, 100)
        from questions in Questions.ListOf(12)
        select new Case([.. files.Select(file => file.ToArray())], limit, [.. questions]);

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

    [Fact]
    public async Task Read_RandomFilesInEveryStore_GivesTheSameRows()
    {
        foreach (var sample in Input.Sample(Cases))
        {
            var harnesses = new List<MartHarness>();
            try
            {
                foreach (var create in Stores) harnesses.Add(await create());
                await CheckAsync(sample, harnesses);
            }
            finally
            {
                foreach (var harness in harnesses) await harness.DisposeAsync();
            }
        }
    }

    private static async Task CheckAsync(Case sample, List<MartHarness> stores)
    {
        foreach (var file in sample.Files)
        {
            var counts = new List<LoadCounts>();
            var months = new List<string>();
            foreach (var store in stores)
            {
                counts.Add(await store.LoadAsync(file));
                months.Add(string.Join(',', await store.TransformAsync(new MartFilter("Halal", sample.Limit))));
            }
            Assert.Single(counts.Distinct());
            Assert.Single(months.Distinct());
        }
        foreach (var question in sample.Questions)
        {
            var answers = new List<MartRow[]>();
            foreach (var store in stores)
            {
                var rows = await store.Source(question.Mart).ReadAsync(question.Key, CancellationToken.None);
                answers.Add([.. SalesView.Rows(rows, question)]);
            }
            foreach (var answer in answers) Assert.Equal(answers[0].Select(Exactly), answer.Select(Exactly));
        }
    }

    // Decimals that are equal may still be written differently, 1.5 and 1.50: here they may not.
    private static string Exactly(MartRow row) => row.ToString();

    private sealed record Case(Transaction[][] Files, int Limit, SalesQuery[] Questions);
}
