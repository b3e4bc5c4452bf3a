using TransactionPipeline.Benchmarks.Http;

// Each benchmark prints ratios within one run; seconds of this machine mean little on another.
return args switch
{
    ["http", ..] => await HttpBenchmark.RunAsync(args[1..]),
    ["bare", ..] => await BareEndpoint.RunAsync(args[1..]),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        Usage: dotnet run -c Release --project tests/Benchmarks -- BENCHMARK
          http   a cached answer over HTTP against a bare Kestrel endpoint behind JwtBearer
        """);
    return 2;
}
