using TransactionPipeline.Benchmarks.Cache;
using TransactionPipeline.Benchmarks.Changes;
using TransactionPipeline.Benchmarks.Http;
using TransactionPipeline.Benchmarks.Load;
using TransactionPipeline.Benchmarks.Postgres;
using TransactionPipeline.Benchmarks.Silo;

// Each benchmark prints ratios within one run; seconds of this machine mean little on another.
return args switch
{
    ["http", .. var rest] => await HttpBenchmark.RunAsync(rest),
    ["bare", .. var rest] => await BareEndpoint.RunAsync(rest),
    ["cache"] => await KeyTableBenchmark.RunAsync(),
    ["hits"] => HitRatioBenchmark.Run(),
    ["changes", .. var rest] => await ChangeBenchmark.RunAsync(rest),
    ["load", .. var rest] => await LoadBenchmark.RunAsync(rest),
    ["postgres", .. var rest] => await PostgresBenchmark.RunAsync(rest),
    ["roll"] => await RollingRestartBenchmark.RunAsync(null),
    ["roll", var folder] => await RollingRestartBenchmark.RunAsync(folder),
    ["scale"] => await ScaleOutBenchmark.RunAsync(),
    ["silo", .. var rest] => await SiloBenchmark.RunAsync(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        Usage: dotnet run -c Release --project tests/Benchmarks -- BENCHMARK
          http [SECONDS]   a cached answer over HTTP against a bare Kestrel endpoint behind JwtBearer; needs wrk
          cache            a hit, a poll, a miss and an eviction at 100, 10,000 and 1,000,000 keys; the bytes of a small key
          hits             how often what is asked for is still in memory, beside LRU, BitFaster's ConcurrentLfu and Belady's best
          changes [COUNT]  from a change's commit to its being served by three processes; from Ctrl-C to the end
          load [ROWS]      loading a generated file against sqlite3's .import and the same SQL; peak memory, also at five times the rows
          postgres         loading and reading PostgreSQL against psql and plain Npgsql
          roll [FOLDER]    a rolling restart of three silos under load
          scale            how many keys move to a silo that joins, with Orleans' rebalancer and without; five minutes
          silo [SECONDS [FOLDER]]   start, memory, a cached answer from one and from three silos, grain calls; needs wrk
        FOLDER is that of an older build of src/Silo, to measure beside this one.
        """);
    return 2;
}
