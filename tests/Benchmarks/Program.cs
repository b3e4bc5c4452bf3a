using TransactionPipeline.Benchmarks.Load;

// Each benchmark is a class of its own: dotnet run -c Release --project tests/Benchmarks -- load
return args switch
{
    ["load", .. var rest] => await LoadBenchmark.RunAsync(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("Benchmarks: load [rows]");
    return 1;
}
