using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Runtime.GrainDirectory;
using Orleans.Runtime.Placement;
using Orleans.TestingHost;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Configuration;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Store.Postgres;
using TransactionPipeline.Core.Store.Sqlite;
using TransactionPipeline.Grains;
using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Silo.Tests.Grains;

/// <summary>Three silos in this process over one SQLite mart and one store, SQLite or PostgreSQL.</summary>
internal sealed class SiloCluster : IAsyncDisposable
{
    public static readonly QueryKey Key = new(Mart.Warehouse, "Halal", new Month(2023, 10));

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("silo-tests-");
    private readonly TestSales _sales;
    private InProcessTestCluster _cluster = null!;

    private SiloCluster()
    {
        _sales = new TestSales(_directory.FullName);
        Source = new GatedMart(_sales.Source);
    }

    public GatedMart Source { get; }

    public AskCounter Counter { get; } = new();

    public StoppableRenewals Renewals { get; } = new();

    public IReadOnlyList<InProcessSiloHandle> Silos => _cluster.Silos;

    public InProcessTestCluster Cluster => _cluster;

    /// <summary>Starts the silos with one sale of 1 in the mart.</summary>
    public static async Task<SiloCluster> StartAsync(
        Action<CacheOptions>? configure = null, bool duplicates = false, PostgresOptions? postgres = null, int? maxMessageBytes = null,
        short silos = 3)
    {
        var cluster = new SiloCluster();
        await cluster.SellAsync();
        var builder = new InProcessTestClusterBuilder(silos);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSiloHost((_, host) => cluster.Configure(host, configure, duplicates, postgres, maxMessageBytes));
        cluster._cluster = builder.Build();
        await Phase.InTimeAsync(cluster._cluster.DeployAsync(), "the start of the silos");
        await Phase.InTimeAsync(cluster._cluster.WaitForClusterManifestToStabilizeAsync(false), "the silos' knowing of each other's grains");
        return cluster;
    }

    public static GrainKeyOwner Keys(InProcessSiloHandle silo) => silo.ServiceProvider.GetRequiredService<GrainKeyOwner>();

    public static Task<CachedAnswer> AskAsync(
        InProcessSiloHandle silo, CacheDemand demand = default, CancellationToken cancellationToken = default) =>
        silo.ServiceProvider.GetRequiredService<IKeyOwner>().GetAsync(Key, demand, cancellationToken).AsTask();

    public static decimal Total(CachedAnswer answer) => answer.Snapshot.Rows.All().Sum(row => row.TotalAmount);

    /// <summary>The silos that have the key's grain.</summary>
    public IReadOnlyList<InProcessSiloHandle> Owners() => [.. Silos.Where(silo => Keys(silo).Table.List().Any(status => status.Key == Key && status.IsOwned))];

    /// <summary>The version of the copy in a silo.</summary>
    public static SnapshotVersion CopyVersion(InProcessSiloHandle silo) =>
        Keys(silo).Table.List().SingleOrDefault(status => status.Key == Key)?.Version ?? SnapshotVersion.None;

    /// <summary>Ends once every silo's copy is of a later version.</summary>
    public Task LaterInEveryCopyAsync(SnapshotVersion than, string phase) =>
        Phase.UntilAsync(() => Silos.All(silo => CopyVersion(silo) > than), phase);

    /// <inheritdoc cref="TestSales.SellAsync"/>
    public Task<int> SellAsync(Month? month = null) => _sales.SellAsync(month);

    /// <summary>What the shared store has, as a silo finds it.</summary>
    public static Task<SnapshotHead?> StoredAsync(InProcessSiloHandle silo) =>
        silo.ServiceProvider.GetRequiredService<ISnapshotStore>().FindAsync(Key, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        Source.Gate?.TrySetResult();
        Source.TokenGate?.TrySetResult();
        Counter.Hang?.TrySetResult();
        await _cluster.DisposeAsync();
        _sales.Dispose();
        _directory.Delete(recursive: true);
    }

    private void Configure(IHostApplicationBuilder host, Action<CacheOptions>? configure, bool duplicates, PostgresOptions? postgres, int? maxMessageBytes)
    {
        if (postgres is not null)
        {
            host.Configuration.AddInMemoryCollection(
            [
                new("data_warehouse:postgres:host", postgres.Host),
                new("data_warehouse:postgres:port", $"{postgres.Port}"),
                new("data_warehouse:postgres:dbname", postgres.Database),
                new("data_warehouse:postgres:user", postgres.User),
                new("data_warehouse:postgres:password", postgres.Password),
                new("data_warehouse:postgres:sslmode", postgres.SslMode),
            ]);
        }
        var services = host.Services;
        host.Logging.SetMinimumLevel(LogLevel.Error);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<IReadOnlyDictionary<Mart, IMartSource>>(new Dictionary<Mart, IMartSource>
        {
            [Mart.Warehouse] = Source,
            [Mart.Operational] = Source,
        });
        services.AddSingleton(_ => SqliteStore.In(new StateOptions(_directory.FullName)));
        // Nothing grows stale or is looked at by the clock, unless a test wants it to.
        services.Configure<CacheOptions>(options =>
        {
            (options.FreshForSeconds, options.PollSeconds, options.LeaseSeconds) = (3600, 3600, 2);
            configure?.Invoke(options);
        });
        services.Configure<GrainsOptions>(options => options.OwnerTimeout = TimeSpan.FromSeconds(1));
        if (maxMessageBytes is { } bytes) services.Configure<GrainsOptions>(options => options.MaxMessageBytes = bytes);
        host.AddCache();
        var leases = services.Last(service => service.ServiceType == typeof(ILeaseStore)).ImplementationFactory!;
        services.AddSingleton(provider => Renewals.Over((ILeaseStore)leases(provider)));
        host.UseOrleans(silo =>
        {
            silo.AddKeyGrains();
            silo.AddIncomingGrainCallFilter(Counter);
            silo.AddOutgoingGrainCallFilter(Counter);
            // Longer than any phase: a call that is given up sooner was given up by us.
            silo.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromMinutes(5));
            silo.Configure<ClusterMembershipOptions>(options => (options.ProbeTimeout, options.NumMissedProbesLimit) = (TimeSpan.FromSeconds(1), 2));
            if (!duplicates) return;
            // Every silo that is asked makes an activation of its own, and the directory lets it.
            silo.Services.AddSingleton<IGrainDirectoryResolver, ForgetfulDirectory>();
            silo.Services.AddKeyedSingleton<IPlacementDirector, WhereAsked>(typeof(RandomPlacement));
        });
    }

    /// <summary>Places a grain in the silo that asks for it.</summary>
    private sealed class WhereAsked : IPlacementDirector
    {
        public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context) =>
            Task.FromResult(context.LocalSilo);
    }
}
