using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Web.Tests.Dashboard;

/// <summary>A shop's sales from June 2022 to October 2023: the same at each call, about 300 sales of 26 products in the newest month.</summary>
internal static class SampleSales
{
    private static readonly (string Name, decimal Price, int Weight)[] Catalogue =
    [
        ("Laptop", 999.99m, 14), ("Mouse", 24.99m, 30), ("Keyboard", 49.99m, 24), ("Monitor", 219m, 15), ("Headset", 79.5m, 17),
        ("Webcam", 64.9m, 10), ("Dock", 159m, 9), ("Tablet", 449m, 8), ("Phone", 699m, 9), ("Charger", 29.9m, 21), ("Cable", 9.99m, 26),
        ("Router", 119m, 6), ("Switch", 89m, 4), ("Printer", 189m, 5), ("Scanner", 149m, 3), ("Speaker", 59m, 8), ("Microphone", 99m, 4),
        ("Desk", 329m, 4), ("Chair", 279m, 6), ("Lamp", 39.9m, 8), ("Backpack", 69m, 7), ("Stand", 34.5m, 7), ("Drive", 109m, 8),
        ("Memory", 54.25m, 6), ("Camera", 549m, 2), ("Projector", 789m, 1),
    ];

    /// <summary>Every product's name, all with the prefix Halal.</summary>
    public static IEnumerable<string> Products => Catalogue.Select(item => $"Halal {item.Name}");

    /// <summary>What the sample file holds for October 2023.</summary>
    public static IEnumerable<Transaction> Seed =>
    [
        new(Hash("T001"), "Halal Laptop", 999.99m, 2, new DateOnly(2023, 10, 1)),
        new(Hash("T002"), "Halal Mouse", 24.99m, 10, new DateOnly(2023, 10, 2)),
        new(Hash("T003"), "Halal Keyboard", 49.99m, 5, new DateOnly(2023, 10, 3)),
    ];

    public static IEnumerable<Transaction> Shop()
    {
        var weights = Catalogue.Sum(item => item.Weight);
        uint state = 70;
        var first = new Month(2022, 6);
        for (var i = 0; i < 17; i++)
        {
            var month = first.AddMonths(i);
            var sales = 170 + (8 * i) + (month.Number is 11 or 12 ? 70 : month.Number is 2 or 8 ? -35 : 0);
            for (var sale = 0; sale < sales; sale++)
            {
                var pick = Next(weights);
                var item = Catalogue.First(item => (pick -= item.Weight) < 0);
                yield return new(
                    Hash($"S{i}-{sale}"), $"Halal {item.Name}", item.Price, 1 + Next(item.Price > 200 ? 2 : 6), month.FirstDay.AddDays(Next(28)));
            }
        }

        int Next(int bound)
        {
            state = (state * 1_664_525) + 1_013_904_223;
            return (int)((state >> 8) % (uint)bound);
        }
    }

    /// <summary>Two years of 40 products, of which one sells for millions and the last for cents.</summary>
    public static IEnumerable<Transaction> ManyProducts()
    {
        var first = new Month(2021, 11);
        for (var month = 0; month < 24; month++)
        {
            for (var product = 0; product < 40; product++)
            {
                var price = product == 39 ? 0.05m : Math.Round(8_500_000m / (1 + (product * product)), 2);
                var quantity = 1 + ((month + product) % 7);
                yield return new(Hash($"M{month}-{product}"), $"Halal Product {product:D2}", price, quantity, first.AddMonths(month).FirstDay);
            }
        }
    }

    /// <summary>Puts <paramref name="sales"/> through the app's own store into both marts.</summary>
    public static async Task LoadAsync(WebAppFixture app, IEnumerable<Transaction> sales)
    {
        var store = app.Provider.GetRequiredService<ITransactionStore>();
        await store.PrepareAsync(CancellationToken.None);
        await using (var batch = await store.StageAsync("sample", CancellationToken.None))
        {
            await batch.WriteAsync(sales.ToArray(), CancellationToken.None);
            await batch.CompleteAsync(CancellationToken.None);
        }
        await store.LoadAsync("sample", CancellationToken.None);
        await store.TransformAsync(new MartFilter("Halal", MaxQuantity: 100), CancellationToken.None);
    }

    private static string Hash(string id) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)));
}
