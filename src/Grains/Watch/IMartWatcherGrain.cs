using Orleans.Concurrency;

namespace TransactionPipeline.Grains.Watch;

/// <summary>The one in the cluster that watches a mart; the grain's key is the mart's name.</summary>
[Alias("transaction-pipeline.mart-watcher")]
internal interface IMartWatcherGrain : IGrainWithStringKey
{
    /// <summary>
    /// The tokens of the asker's months, and until <paramref name="listener"/> has not asked for some polls, news for it. Asking is the
    /// backstop of the news: what one misses, the next answer brings.
    /// </summary>
    [Alias("Look")]
    Task<NewsNote> LookAsync(LookRequest request, IMartListener listener, CancellationToken cancellationToken);

    /// <summary>The newest month with data, as old as any silo's own may be.</summary>
    [Alias("FindNewestMonth")]
    Task<NewestMonthNote> FindNewestMonthAsync(CancellationToken cancellationToken);

    /// <summary>Tells every silo to let go of a key.</summary>
    [Alias("DropCopies")]
    Task DropCopiesAsync(string key);
}

/// <summary>A silo, as the mart watcher pushes news to it.</summary>
[Alias("transaction-pipeline.mart-listener")]
internal interface IMartListener : IGrainObserver
{
    /// <summary>News as <see cref="Core.Watch.IMartWatch.Subscribe"/> has it.</summary>
    [Alias("Changed"), OneWay]
    Task ChangedAsync(NewsNote news);

    /// <summary>An operator dropped a key.</summary>
    [Alias("Dropped"), OneWay]
    Task DroppedAsync(string key);
}
