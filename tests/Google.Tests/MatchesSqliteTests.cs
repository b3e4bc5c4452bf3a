using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using TransactionPipeline.Core.Configuration;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Marts.Sqlite;
using static TransactionPipeline.Google.Tests.GoogleFixture;

namespace TransactionPipeline.Google.Tests;

/// <summary>Random files, loaded in several batches with corrections, give the same counts, months and rows in both stores.</summary>
public sealed class MatchesSqliteTests
{
    private static readonly string?[] Products = ["Halal Tea", "Halal Té", "Halal 😀", "Halal", "halal tea", "Vegan", "Halal 'x'", null];
    private static readonly string[] Prefixes = ["Halal", "Halal T", "Halal Té", "", "halal", "Halal %", "Nothing"];

    [Property(MaxTest = 15, EndSize = 40)]
    public Property RandomFiles_InBothStores_AreEqual() => Prop.ForAll(
        Arb.From(Gen.ListOf(Gen.ListOf(Sales()))),
        files => CompareAsync([.. files.Take(4).Select(file => file.ToArray())]).GetAwaiter().GetResult());

    private static Gen<Transaction> Sales() =>
        from id in Gen.Choose(1, 25)
        from product in Gen.Elements(Products)
        from units in Gen.OneOf(Gen.Choose(-5, 20_000), Gen.Choose(0, 5).Select(i => (int)Math.Pow(10, i)), Gen.Constant(int.MaxValue))
        from scale in Gen.Choose(0, 4)
        from quantity in Gen.OneOf(Gen.Choose(-2, 120), Gen.Constant(1_000_000))
        from day in Gen.Choose(0, 100)
        select new Transaction(
            Id($"T{id}"), product, units / (decimal)Math.Pow(10, scale), quantity, new DateOnly(2023, 9, 15).AddDays(day));

    private static async Task<bool> CompareAsync(IReadOnlyList<Transaction[]> files)
    {
        await using var google = await StartAsync();
        var directory = Directory.CreateTempSubdirectory("google-test-");
        try
        {
            var state = new StateOptions(directory.FullName);
            using var database = SqliteMart.In(state);
            var sqlite = SqliteMart.StoreIn(database, state, google.Time);
            var source = new SqliteMartSource(database, Mart.Warehouse);
            foreach (var (file, index) in files.Select((file, index) => (file, index)))
            {
                var filter = index == 2 ? new MartFilter("Halal T", 50) : Halal;
                var batch = await google.StageAsync(sqlite, file);
                var expected = await sqlite.LoadAsync(batch, CancellationToken.None);
                var counts = await google.LoadAsync(file);
                Assert.Equal(expected, counts);
                var months = await sqlite.TransformAsync(filter, CancellationToken.None);
                Assert.Equal(months, await google.TransformAsync(filter));
            }

            Assert.Equal(
                await source.FindNewestMonthAsync(CancellationToken.None), await google.Source.FindNewestMonthAsync(CancellationToken.None));
            foreach (var prefix in Prefixes)
            {
                foreach (var month in (string[])["2023-09", "2023-10", "2023-11", "2023-12"])
                {
                    var rows = await source.ReadAsync(Key(month, prefix), CancellationToken.None);
                    Assert.Equal(rows.All(), await google.ReadAsync(month, prefix));
                }
            }
            return true;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
