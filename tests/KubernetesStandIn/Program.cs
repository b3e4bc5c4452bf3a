using System.Globalization;
using TransactionPipeline.KubernetesStandIn;

// KubernetesStandIn [--port N] [--namespace NAME]... [--manifests FOLDER]...
var options = new StandInOptions();
for (var i = 0; i + 1 < args.Length; i += 2)
{
    options = args[i] switch
    {
        "--port" => options with { Port = int.Parse(args[i + 1], CultureInfo.InvariantCulture) },
        "--namespace" => options with { Namespaces = [.. options.Namespaces, args[i + 1]] },
        "--manifests" => options with { Manifests = [.. options.Manifests, args[i + 1]] },
        _ => throw new InvalidOperationException($"{args[i]} is no option; there are --port, --namespace and --manifests"),
    };
}

await using var server = await KubernetesStandInServer.StartAsync(options);
await Console.Out.WriteLineAsync($"listening on {server.Address}");
await server.WaitForShutdownAsync();
