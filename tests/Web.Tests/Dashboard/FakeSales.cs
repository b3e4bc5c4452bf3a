using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Watch;

namespace TransactionPipeline.Web.Tests.Dashboard;

/// <summary>A cache that says what a test tells it to.</summary>
public sealed class FakeSales(TimeProvider time) : IKeyOwner, INewestMonth
{
    public static readonly Month October = new(2023, 10);

    /// <summary>The newest month of both marts.</summary>
    public Month? Newest { get; set; } = October;

    /// <summary>The rows of a key.</summary>
    public Func<QueryKey, MartRows> Rows { get; set; } = Seed;

    /// <summary>The failure of a key; null: it answers.</summary>
    public Func<QueryKey, MartException?> Failure { get; set; } = _ => null;

    public CacheResult Result { get; set; } = CacheResult.Hit;

    public string? Error { get; set; }

    public TimeSpan Age { get; set; } = TimeSpan.FromSeconds(12);

    public int Asked { get; private set; }

    /// <summary>As new, for the next test.</summary>
    public void Reset()
    {
        Newest = October;
        Rows = Seed;
        Failure = _ => null;
        Result = CacheResult.Hit;
        Error = null;
        Age = TimeSpan.FromSeconds(12);
        Asked = 0;
    }

    public ValueTask<CachedAnswer> GetAsync(QueryKey key, CacheDemand demand, CancellationToken cancellationToken)
    {
        Asked++;
        if (Failure(key) is { } failure) return ValueTask.FromException<CachedAnswer>(failure);
        var checkedAt = time.GetUtcNow() - Age;
        return ValueTask.FromResult(new CachedAnswer(new Snapshot(key, new(1, 1), "1", checkedAt, checkedAt, Rows(key)), Result, Error));
    }

    public ValueTask<Month?> GetAsync(Mart mart, CancellationToken cancellationToken)
    {
        Asked++;
        return ValueTask.FromResult(Newest);
    }

    public Task<bool> DropAsync(QueryKey key, CancellationToken cancellationToken) => Task.FromResult(false);

    public IReadOnlyList<KeyStatus> List() => [];

    /// <summary>The three sales of the sample file, as the mart answers them; other months are empty.</summary>
    public static MartRows Seed(QueryKey key)
    {
        if (key.Month != October) return MartRows.Empty;
        var rows = new MartRowsBuilder();
        foreach (var sale in SampleSales.Seed)
        {
            rows.Add(new MartRow(
                sale.TransactionId, sale.Product!, key.Mart == Mart.Operational ? sale.Date : October.FirstDay,
                sale.Price * sale.Quantity, sale.Price, 1, sale.Quantity));
        }
        return rows.Build();
    }

    /// <summary>A month of <paramref name="count"/> single sales of four products.</summary>
    public static MartRows Many(int count)
    {
        var rows = new MartRowsBuilder();
        for (var i = 0; i < count; i++)
            rows.Add(new MartRow($"{(i + 1) * 2_654_435_761L % 4_294_967_296L:x8}{i:x56}", $"Halal Thing {"ABCD"[i % 4]}", October.FirstDay, i + 1, i + 1, 1, 1));
        return rows.Build();
    }
}
