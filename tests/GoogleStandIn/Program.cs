using TransactionPipeline.GoogleStandIn;

// For hand use: dotnet run --project tests/GoogleStandIn -- 9050
var port = args is [var given] && int.TryParse(given, out var number) ? number : 0;
await using var standIn = await StandIn.StartAsync(port);
Console.WriteLine($"BigQuery and Cloud Storage stand-in on {standIn.Endpoint}; Ctrl+C stops it.");
await standIn.WaitForStopAsync();
