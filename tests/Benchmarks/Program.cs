using TransactionPipeline.Benchmarks.Http;
using TransactionPipeline.Benchmarks.Load;
using TransactionPipeline.Benchmarks.Postgres;
#if ORLEANS
using TransactionPipeline.Benchmarks.Silo;
#endif

// Each benchmark prints ratios within one run; seconds of this machine mean little on another.
return args switch
{
    ["http", .. var rest] => await HttpBenchmark.RunAsync(rest),
    ["bare", .. var rest] => await BareEndpoint.RunAsync(rest),
    ["load", .. var rest] => await LoadBenchmark.RunAsync(rest),
    ["postgres", .. var rest] => await PostgresBenchmark.RunAsync(rest),
#if ORLEANS
    ["silo", .. var rest] => await SiloBenchmark.RunAsync(rest),
#endif
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        Usage: dotnet run -c Release --project tests/Benchmarks -- BENCHMARK
          http [SECONDS]   a cached answer over HTTP against a bare Kestrel endpoint behind JwtBearer; needs wrk
          load [ROWS]      loading a generated file against sqlite3's .import and the same SQL; peak memory, also at five times the rows
          postgres         loading and reading PostgreSQL against psql and plain Npgsql
          silo [SECONDS]   with -p:Orleans=true: a cached answer from one and from three silos against src/Web, grain calls, start,
                           a rolling restart under load; needs wrk
        """);
    return 2;
}
