using System.Security.Cryptography;
using System.Text;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Ingestion;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Testing;

/// <summary>A store that is both written and read, with short ways to do so; one for each kind of store.</summary>
public abstract class MartHarness : IAsyncDisposable
{
    public static readonly MartFilter Halal = new("Halal", 100);

    public abstract ITransactionStore Writer { get; }

    public abstract IMartSource Source(Mart mart);

    public abstract ValueTask DisposeAsync();

    public static string Id(string plain) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(plain)));

    public static Transaction Sale(string id, string? product, decimal price, int quantity, string date) =>
        new(Id(id), product, price, quantity, DateOnly.Parse(date));

    public async Task<string> StageAsync(params Transaction[] rows)
    {
        var batch = $"{Guid.NewGuid():N}";
        await using var writer = await Writer.StageAsync(batch, CancellationToken.None);
        await writer.WriteAsync(rows, CancellationToken.None);
        await writer.CompleteAsync(CancellationToken.None);
        return batch;
    }

    public async Task<LoadCounts> LoadAsync(params Transaction[] rows) =>
        await Writer.LoadAsync(await StageAsync(rows), CancellationToken.None);

    public Task<IReadOnlyList<Month>> TransformAsync(MartFilter? filter = null) =>
        Writer.TransformAsync(filter ?? Halal, CancellationToken.None);

    public async Task<MartRow[]> ReadAsync(Mart mart, string month, string prefix = "Halal") =>
        [.. (await Source(mart).ReadAsync(new QueryKey(mart, prefix, Month.Parse(month)), CancellationToken.None)).All()];

    public Task<string> TokenAsync(Mart mart, string month) => Source(mart).GetChangeTokenAsync(Month.Parse(month), CancellationToken.None);
}
