using System.Net.Http.Headers;
using System.Runtime;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Web.Sales;

namespace TransactionPipeline.Web.Tests.Sales;

/// <summary>Everything that is held for a key counts: its rows, its JSON and each coding of it. Alone, as it measures the process's heap.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}

[Collection(AloneCollection.Name)]
public sealed class MemoryTests
{
    private const int MaxBytes = 16 << 20;
    private static readonly string[] Codings = ["identity", "br", "gzip"];

    [Fact]
    public void Encodings_AreCountedAsTheRowsMemoryOnce()
    {
        var rows = RowsOf("Halal", new Month(2023, 10));
        var bare = rows.SizeInBytes;

        var lengths = Codings.Select(coding => Encoded(rows, coding)).ToList();

        Assert.Equal(bare + lengths.Sum(), rows.SizeInBytes);
        foreach (var coding in Codings) Encoded(rows, coding);
        Assert.Equal(bare + lengths.Sum(), rows.SizeInBytes);
    }

    [Fact]
    public async Task Scan_OfTenTimesTheBound_LeavesALiveHeapWithinIt()
    {
        var mart = new AnyPrefixMart();
        await using var app = new WebAppFixture
        {
            // The tests keep what is logged.
            Settings = { ["cache:max_bytes"] = $"{MaxBytes}", ["ingestion:sample"] = "", ["Logging:LogLevel:Default"] = "Error" },
            Services = services => services.AddSingleton<IReadOnlyDictionary<Mart, IMartSource>>(
                new Dictionary<Mart, IMartSource> { [Mart.Warehouse] = mart, [Mart.Operational] = mart }),
        };
        using var client = await app.AdminAsync();
        // All that a question needs beside its answer is there before the measuring begins.
        await AskAsync(client, "First");
        var table = app.Provider.GetRequiredService<KeyTable>();
        var empty = LiveHeap() - table.List().Sum(key => key.SizeInBytes);

        var scanned = 0L;
        for (var key = 0; scanned < 10L * MaxBytes; key++) scanned += await AskAsync(client, $"P{key:D5}");
        await table.WhenIdleAsync();

        var counted = table.List().Sum(key => key.SizeInBytes);
        Assert.InRange(counted, MaxBytes * 0.9, MaxBytes);
        Assert.InRange(LiveHeap() - empty, 0, MaxBytes * 1.1);
    }

    private static long LiveHeap()
    {
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    /// <summary>In each coding; how many bytes came.</summary>
    private static async Task<long> AskAsync(HttpClient client, string prefix)
    {
        var bytes = 0L;
        foreach (var coding in Codings)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/sales/pg-trends?sale_month=2023-10&product_prefix={prefix}");
            request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue(coding));
            using var answer = await client.SendAsync(request);
            answer.EnsureSuccessStatusCode();
            bytes += (await answer.Content.ReadAsByteArrayAsync()).Length;
        }
        return bytes;
    }

    private static int Encoded(MartRows rows, string coding)
    {
        var request = new DefaultHttpContext().Request;
        request.Headers.AcceptEncoding = coding;
        return CommonAnswer.Of(rows).For(request).Bytes.Length;
    }

    private static MartRows RowsOf(string prefix, Month month)
    {
        var rows = new MartRowsBuilder();
        for (var row = 0; row < 400; row++)
            rows.Add(new MartRow($"{row:x64}", prefix, month.FirstDay.AddDays(row % 28), row * 1.25m, 1.25m, 1, row));
        return rows.Build();
    }

    /// <summary>Some hundred sales of one product, whatever the prefix. No prefix asked for begins with another.</summary>
    private sealed class AnyPrefixMart : IMartSource
    {
        public string Store => "memory";

        public Task<string> GetChangeTokenAsync(Month month, CancellationToken cancellationToken) => Task.FromResult("1");

        public Task<MartRows> ReadAsync(QueryKey key, CancellationToken cancellationToken) => Task.FromResult(RowsOf(key.Prefix, key.Month));

        public Task<Month?> FindNewestMonthAsync(CancellationToken cancellationToken) => Task.FromResult<Month?>(new Month(2023, 10));
    }
}
