using Microsoft.Extensions.Logging.Abstractions;
using TransactionPipeline.Core.Store;

namespace TransactionPipeline.Core.Tests.Store;

public sealed class FallbackStoreTests : IDisposable
{
    private static readonly DateOnly Day = new(2024, 1, 1);
    private readonly SqliteStoreHarness _store = new();

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task Count_StoreDown_IsThisProcesssOwnAndIsAddedWhenTheStoreIsBack()
    {
        var counts = new FailingCounts(_store.NewCounts());
        var fallback = new FallbackStore(
            _store.NewSnapshots(), _store.NewLeases(), counts, TimeProvider.System, NullLogger<FallbackStore>.Instance);
        Assert.True(await AddAsync(fallback, 50));

        counts.IsDown = true;
        Assert.True(await AddAsync(fallback, 70));
        Assert.False(await AddAsync(fallback, 31));
        Assert.True(await AddAsync(fallback, -40));
        Assert.NotNull(fallback.Problem);

        // 50 before and 30 meanwhile.
        counts.IsDown = false;
        Assert.False(await AddAsync(fallback, 21));
        Assert.Null(fallback.Problem);
        Assert.False(await AddAsync(_store.NewCounts(), 21));
        Assert.True(await AddAsync(_store.NewCounts(), 20));
    }

    private static Task<bool> AddAsync(IDailyCounts counts, long amount) =>
        counts.TryAddAsync("bytes", Day, amount, 100, CancellationToken.None);

    private sealed class FailingCounts(IDailyCounts counts) : IDailyCounts
    {
        public bool IsDown { get; set; }

        public Task<bool> TryAddAsync(string name, DateOnly day, long amount, long limit, CancellationToken cancellationToken) => IsDown
            ? Task.FromException<bool>(new IOException("away"))
            : counts.TryAddAsync(name, day, amount, limit, cancellationToken);
    }
}
