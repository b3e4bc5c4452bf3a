namespace TransactionPipeline.Silo.Tests.Processes;

public sealed class ConfigurationTests
{
    private const string Question = "/sales/trends?sale_month=2023-10";

    [Fact]
    public async Task Settings_InFileAndEnvironment_TheEnvironmentWins()
    {
        var directory = Directory.CreateTempSubdirectory("pipeline-configuration-");
        try
        {
            var file = Path.Combine(directory.FullName, "other.yaml");
            await File.WriteAllTextAsync(file, "cache:\n  fresh_for_seconds: 4000\n  stale_for_seconds: 10\nsecurity:\n  token_minutes: 7\n");

            var settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["pipeline_config"] = file };
            await using (var web = await ProgramProcess.ServeAsync(settings)) Assert.InRange(await TtlAsync(web), 3900, 4000);

            settings["cache__fresh_for_seconds"] = "3000";
            await using (var web = await ProgramProcess.ServeAsync(settings)) Assert.InRange(await TtlAsync(web), 2900, 3000);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<int> TtlAsync(ProgramProcess web)
    {
        using var answer = await web.Client.GetAsync(Question);
        var status = answer.Headers.GetValues("Cache-Status").Single();
        return int.Parse(status[(status.IndexOf("ttl=", StringComparison.Ordinal) + 4)..]);
    }
}
