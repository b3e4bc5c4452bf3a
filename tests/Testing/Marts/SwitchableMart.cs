using Microsoft.Extensions.DependencyInjection;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Marts.Sqlite;
using TransactionPipeline.Core.Store.Sqlite;

namespace TransactionPipeline.Testing;

/// <summary>The app's own SQLite mart behind a switch that makes it fail. Counts its queries.</summary>
public sealed class SwitchableMart
{
    private int _reads;
    private int _hung;

    public MartException? Failure { get; set; }

    /// <summary>When set, questions for the newest month wait for it.</summary>
    public Task? Hang { get; set; }

    /// <summary>How many have waited for it.</summary>
    public int Hung => Volatile.Read(ref _hung);

    /// <summary>Rows in place of the mart's.</summary>
    public MartRows? Rows { get; set; }

    /// <summary>Happens while a query is under way.</summary>
    public Action? Reading { get; set; }

    public int Reads => Volatile.Read(ref _reads);

    public void Install(IServiceCollection services) =>
        services.AddSingleton<IReadOnlyDictionary<Mart, IMartSource>>(provider => Enum.GetValues<Mart>().ToDictionary(
            mart => mart,
            IMartSource (mart) => new Source(
                this, new SqliteMartSource(provider.GetRequiredKeyedService<SqliteDatabase>(SqliteMart.ServiceKey), mart))));

    /// <summary>The same, each behind guards.</summary>
    public void Install(IServiceCollection services, MartGuardOptions guard)
    {
        Install(services);
        var install = services.Last().ImplementationFactory!;
        services.AddSingleton<IReadOnlyDictionary<Mart, IMartSource>>(provider => ((IReadOnlyDictionary<Mart, IMartSource>)install(provider)).ToDictionary(
            mart => mart.Key, IMartSource (mart) => new GuardedMartSource(mart.Value, guard, provider.GetRequiredService<TimeProvider>())));
    }

    private sealed class Source(SwitchableMart mart, SqliteMartSource inner) : IMartSource
    {
        public string Store => inner.Store;

        public Task<string> GetChangeTokenAsync(Month month, CancellationToken cancellationToken) =>
            mart.Failure is null ? inner.GetChangeTokenAsync(month, cancellationToken) : Task.FromException<string>(mart.Failure);

        public Task<MartRows> ReadAsync(QueryKey key, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref mart._reads);
            mart.Reading?.Invoke();
            return mart.Failure is not null ? Task.FromException<MartRows>(mart.Failure)
                : mart.Rows is not null ? Task.FromResult(mart.Rows) : inner.ReadAsync(key, cancellationToken);
        }

        public async Task<Month?> FindNewestMonthAsync(CancellationToken cancellationToken)
        {
            if (mart.Hang is { } hang)
            {
                Interlocked.Increment(ref mart._hung);
                await hang.WaitAsync(cancellationToken);
            }
            return mart.Failure is null ? await inner.FindNewestMonthAsync(cancellationToken) : throw mart.Failure;
        }
    }
}
