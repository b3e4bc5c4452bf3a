using System.Diagnostics;
using System.Text.Json;
using TransactionPipeline.Web.Tests.Processes;

namespace TransactionPipeline.Web.Tests.Postgres;

/// <summary>Asks again and again for what no event tells. Each question takes its time, which is pause enough.</summary>
internal static class Waiting
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task UntilAsync(string phase, Func<Task<bool>> isSo)
    {
        var clock = Stopwatch.StartNew();
        while (!await isSo())
            if (clock.Elapsed > Patience) throw new TimeoutException($"Not within {Patience.TotalSeconds} s: {phase}");
    }

    /// <summary>Waits until the marts, the store and the notifications are all in this state; what was said then.</summary>
    public static async Task<string> ForHealthAsync(WebProcess replica, string state)
    {
        var health = "";
        await UntilAsync($"health is {state}", async () =>
        {
            // What uses the store and the mart.
            using var asking = new HttpRequestMessage(HttpMethod.Get, Replicas.Question) { Headers = { { "Cache-Control", "no-cache" } } };
            using var answer = await replica.Client.SendAsync(asking);
            health = await replica.Client.GetStringAsync("/health/ready");
            using var parsed = JsonDocument.Parse(health);
            var checks = parsed.RootElement.GetProperty("checks");
            return new[] { "marts", "store", "notifications" }.All(check => checks.GetProperty(check).GetProperty("status").GetString() == state);
        });
        return health;
    }
}
