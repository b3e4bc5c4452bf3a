using TransactionPipeline.Core.Marts;
using static TransactionPipeline.Testing.MartHarness;

namespace TransactionPipeline.Core.Tests.Marts.Sqlite;

public sealed class SqliteTransactionStoreTests : TransactionStoreContract, IDisposable
{
    private readonly SqliteMartFixture _mart = new();

    protected override MartHarness Harness => _mart;

    public void Dispose() => _mart.Dispose();

    [Fact]
    public async Task Transform_MonthTotalTooLarge_FailsInWordsAndChangesNothing()
    {
        var big = Enumerable.Range(0, 1000).Select(i => Sale($"T{i}", "Halal Gold", 999_999_999.9999m, 1000, "2023-10-01")).ToArray();
        await _mart.LoadAsync(big);

        var failed = await Assert.ThrowsAsync<MartException>(() => _mart.TransformAsync(new MartFilter("Halal", 1000)));

        Assert.Contains("larger than", failed.Message, StringComparison.Ordinal);
        Assert.Empty(await _mart.ReadAsync(Mart.Operational, "2023-10"));
    }

    [Fact]
    public async Task Writer_DisposedBeforeComplete_LeavesNoFile()
    {
        await using (var writer = await _mart.Store.StageAsync("b1", CancellationToken.None))
            await writer.WriteAsync(new[] { Sale("T001", "Halal Tea", 1m, 1, "2023-10-01") }, CancellationToken.None);

        Assert.Empty(Directory.GetFiles(_mart.State.PathOf("staging")));
    }
}
