using System.Globalization;

namespace TransactionPipeline.Core.Ingestion;

/// <summary>
/// Makes realistic transactions, for load tests: 90 % of the products start with Halal, prices lie between
/// 10 and 1,000 with 2 decimals, quantities between 1 and 149, the days in the twelve months of 2023. The same seed gives the same file.
/// </summary>
public static class TransactionGenerator
{
    private const double HalalShare = 0.9;
    private const int MaxQuantity = 149;
    private const int DaysOfYear = 365;

    private static readonly string[] Things =
    [
        "Laptop", "Mouse", "Keyboard", "Monitor", "Headphones", "Webcam", "Printer", "Tablet", "Phone", "Charger", "Router", "Speaker",
        "Desk Lamp", "Office Chair", "Notebook", "Backpack", "Water Bottle", "Coffee Maker", "Kettle", "Toaster", "Blender", "Rice Cooker",
        "Olive Oil", "Dates", "Honey", "Green Tea", "Black Tea", "Coffee Beans", "Lamb", "Beef", "Chicken", "Lentils", "Chickpeas",
        "Basmati Rice", "Prayer Mat", "Perfume", "Soap", "Shampoo", "Toothpaste", "Face Cream",
    ];

    private static readonly string[] Days = [.. Enumerable.Range(0, DaysOfYear).Select(
        day => new DateOnly(2023, 1, 1).AddDays(day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture))];

    /// <summary>Writes the header and <paramref name="rows"/> lines with ids that no other seed has.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="rows">Lines after the header.</param>
    /// <param name="seed">Decides every value.</param>
    /// <param name="cancellationToken">Stops in the middle.</param>
    public static async Task WriteAsync(TextWriter output, long rows, int seed, CancellationToken cancellationToken)
    {
#pragma warning disable CA5394 // Test data wants the same numbers again, not secret ones.
        var random = new Random(seed);
        var usualPrice = Array.ConvertAll(Things, _ => random.Next(1100, 90_000));
        await output.WriteAsync("transaction_id,product,price,quantity,date\n");
        for (long row = 1; row <= rows; row++)
        {
            if (row % 10_000 == 0) cancellationToken.ThrowIfCancellationRequested();
            var thing = random.Next(Things.Length);
            var halal = random.NextDouble() < HalalShare ? "Halal " : "";
            var cents = (int)(usualPrice[thing] * (0.92 + (0.19 * random.NextDouble())));
            // Not awaited: a buffered writer of this length completes at once, and a task for each line would be most of the time.
            output.Write($"T{seed}-{row:D9},{halal}{Things[thing]},{cents / 100}.{cents % 100:D2},{random.Next(1, MaxQuantity + 1)},{Days[random.Next(DaysOfYear)]}\n");
        }
#pragma warning restore CA5394
        await output.FlushAsync(cancellationToken);
    }
}
