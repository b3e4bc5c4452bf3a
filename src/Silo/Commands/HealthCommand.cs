using System.CommandLine;

namespace TransactionPipeline.Silo.Commands;

/// <summary><c>health</c>: asks a running app for its health; for images without a shell. Exit code 0 when it is healthy or degraded.</summary>
internal static class HealthCommand
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    public static Command Create()
    {
        var url = new Option<string>("--url")
        {
            Description = "What to ask",
            DefaultValueFactory = _ => "http://localhost:8000/health/live",
        };
        var command = new Command("health", "Ask a running app for its health") { url };
        url.Validators.Add(given =>
        {
            if (!Uri.TryCreate(given.GetValueOrDefault<string>(), UriKind.Absolute, out _)) given.AddError("--url must be an absolute address.");
        });
        command.SetAction((parsed, cancellationToken) => AskAsync(parsed, parsed.GetRequiredValue(url), cancellationToken));
        return command;
    }

    private static async Task<int> AskAsync(ParseResult parsed, string url, CancellationToken cancellationToken)
    {
        try
        {
            using var client = new HttpClient { Timeout = Limit };
            using var answer = await client.GetAsync(url, cancellationToken);
            await parsed.InvocationConfiguration.Output.WriteLineAsync(await answer.Content.ReadAsStringAsync(cancellationToken));
            return answer.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
        {
            await parsed.InvocationConfiguration.Error.WriteLineAsync($"{url} does not answer: {failure.Message}");
            return 1;
        }
    }
}
