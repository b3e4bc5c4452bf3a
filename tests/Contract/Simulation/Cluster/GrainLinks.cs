using TransactionPipeline.Grains.Query;
using TransactionPipeline.Grains.Watch;

namespace TransactionPipeline.Contract.Simulation.Cluster;

/// <summary>The references to grains and to silos that a silo hands out.</summary>
internal sealed class GrainLinks(SimulatedCluster cluster, SimulatedSilo silo) : IGrainFactory
{
    private static readonly Dictionary<string, GrainId> Ids =
        Keys.All.Select(key => key.ToString()).ToDictionary(key => key, key => GrainId.Create("query", key), StringComparer.Ordinal);

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey =>
        typeof(TGrainInterface) == typeof(IQueryGrain) ? (TGrainInterface)(IGrainWithStringKey)new Query(cluster, silo, IdOf(primaryKey))
        : typeof(TGrainInterface) == typeof(IMartWatcherGrain) ? (TGrainInterface)(IGrainWithStringKey)new Watcher(cluster, silo, WatcherId)
        : throw new NotSupportedException();

    public TGrainObserverInterface CreateObjectReference<TGrainObserverInterface>(IGrainObserver obj)
        where TGrainObserverInterface : IGrainObserver => (TGrainObserverInterface)(IGrainObserver)new Listener(cluster, silo, (IMartListener)obj);

    /// <summary>The grain that watches the mart.</summary>
    public static GrainId WatcherId { get; } = GrainId.Create("mart-watcher", "warehouse");

    /// <summary>The grain of a query key's text.</summary>
    public static GrainId IdOf(string key) => Ids[key];

    public void DeleteObjectReference<TGrainObserverInterface>(IGrainObserver obj)
        where TGrainObserverInterface : IGrainObserver
    {
    }

    public TGrainInterface GetGrain<TGrainInterface>(Guid primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithGuidKey => throw new NotSupportedException();

    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithIntegerKey => throw new NotSupportedException();

    public TGrainInterface GetGrain<TGrainInterface>(Guid primaryKey, string keyExtension, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithGuidCompoundKey => throw new NotSupportedException();

    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string keyExtension, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithIntegerCompoundKey => throw new NotSupportedException();

    public TGrainInterface GetGrain<TGrainInterface>(GrainId grainId)
        where TGrainInterface : IAddressable => throw new NotSupportedException();

    public IGrain GetGrain(Type grainInterfaceType, Guid grainPrimaryKey) => throw new NotSupportedException();

    public IGrain GetGrain(Type grainInterfaceType, long grainPrimaryKey) => throw new NotSupportedException();

    public IGrain GetGrain(Type grainInterfaceType, string grainPrimaryKey) => throw new NotSupportedException();

    public IGrain GetGrain(Type grainInterfaceType, Guid grainPrimaryKey, string keyExtension) => throw new NotSupportedException();

    public IGrain GetGrain(Type grainInterfaceType, long grainPrimaryKey, string keyExtension) => throw new NotSupportedException();

    public IAddressable GetGrain(Type grainInterfaceType, IdSpan grainKey) => throw new NotSupportedException();

    public IAddressable GetGrain(Type grainInterfaceType, IdSpan grainKey, string grainClassNamePrefix) => throw new NotSupportedException();

    public IAddressable GetGrain(GrainId grainId) => throw new NotSupportedException();

    public IAddressable GetGrain(GrainId grainId, GrainInterfaceType interfaceType) => throw new NotSupportedException();

    private static async Task<bool> DoneAsync(Task task)
    {
        await task;
        return true;
    }

    private sealed class Query(SimulatedCluster cluster, SimulatedSilo silo, GrainId id) : IQueryGrain
    {
        public Task<OwnerAnswer> AskAsync(OwnerQuestion question, CancellationToken cancellationToken) =>
            CallAsync((grain, cancelled) => grain.AskAsync(question, cancelled), cancellationToken);

        public Task<bool> IsAtWorkAsync() => CallAsync((grain, _) => grain.IsAtWorkAsync());

        public Task LeaveAsync()
        {
            _ = CallAsync((grain, _) => DoneAsync(grain.LeaveAsync()));
            return Task.CompletedTask;
        }

        public Task<byte[]?> ReadAsync(VersionNote version, int offset) => CallAsync((grain, _) => grain.ReadAsync(version, offset));

        public Task<bool> DropAsync() => CallAsync((grain, _) => grain.DropAsync());

        private Task<T> CallAsync<T>(Func<IQueryGrain, CancellationToken, Task<T>> invoke, CancellationToken cancellationToken = default) =>
            new GrainCall<T>(cluster, silo, id, (grain, cancelled) => invoke((IQueryGrain)grain, cancelled)).CallAsync(cancellationToken);
    }

    private sealed class Watcher(SimulatedCluster cluster, SimulatedSilo silo, GrainId id) : IMartWatcherGrain
    {
        public Task<NewsNote> LookAsync(LookRequest request, IMartListener listener, CancellationToken cancellationToken) =>
            CallAsync((grain, cancelled) => grain.LookAsync(request, listener, cancelled), cancellationToken);

        public Task<NewestMonthNote> FindNewestMonthAsync(CancellationToken cancellationToken) =>
            CallAsync((grain, cancelled) => grain.FindNewestMonthAsync(cancelled), cancellationToken);

        public Task DropCopiesAsync(string key) => CallAsync((grain, _) => DoneAsync(grain.DropCopiesAsync(key)));

        private Task<T> CallAsync<T>(Func<IMartWatcherGrain, CancellationToken, Task<T>> invoke, CancellationToken cancellationToken = default) =>
            new GrainCall<T>(cluster, silo, id, (grain, cancelled) => invoke((IMartWatcherGrain)grain, cancelled)).CallAsync(cancellationToken);
    }

    /// <summary>A silo, as its mart's watcher tells it news: one-way.</summary>
    private sealed class Listener(SimulatedCluster cluster, SimulatedSilo to, IMartListener listener) : IMartListener
    {
        public Task ChangedAsync(NewsNote news) => SendAsync(() => listener.ChangedAsync(news));

        public Task DroppedAsync(string key) => SendAsync(() => listener.DroppedAsync(key));

        // The order of the told is the same in each run.
        public override int GetHashCode() => to.Number;

        public override bool Equals(object? obj) => ReferenceEquals(this, obj);

        private Task SendAsync(Func<Task> tell)
        {
            cluster.Send(cluster.World.Running!.Silo, to, () => to.Tasks.Post(() => _ = tell()));
            return Task.CompletedTask;
        }
    }
}
