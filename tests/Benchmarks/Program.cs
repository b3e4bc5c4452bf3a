using TransactionPipeline.Benchmarks.Http;
using TransactionPipeline.Benchmarks.Postgres;

// Each benchmark prints ratios within one run; seconds of this machine mean little on another.
return args switch
{
    ["http", ..] => await HttpBenchmark.RunAsync(args[1..]),
    ["bare", ..] => await BareEndpoint.RunAsync(args[1..]),
    ["postgres", ..] => await PostgresBenchmark.RunAsync(args[1..]),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        Usage: dotnet run -c Release --project tests/Benchmarks -- BENCHMARK
          postgres  loading and reading PostgreSQL against psql and plain Npgsql
          http   a cached answer over HTTP against a bare Kestrel endpoint behind JwtBearer
        """);
    return 2;
}
