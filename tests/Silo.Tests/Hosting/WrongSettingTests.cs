using System.Net;
using System.Net.Sockets;

namespace TransactionPipeline.Silo.Tests.Hosting;

/// <summary>A wrong setting ends the real program, serving or as a command, with one line that names it.</summary>
public sealed class WrongSettingTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("transaction-pipeline-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData("pipeline_config", "broken.yaml", "is not valid YAML: line 2")]
    [InlineData("pipeline_config", "cut.yaml", "is not valid YAML.")]
    [InlineData("pipeline_config", "absent.yaml", "give another with pipeline_config=FILE")]
    [InlineData("ingestion__batch_size", "0", "ingestion:batch_size must be 1 to 1,000,000, not 0.")]
    [InlineData("ingestion__batch_size", "many", "ingestion:batch_size is 'many'; it must be a whole number.")]
    [InlineData("ingestion__trust_input", "perhaps", "ingestion:trust_input is 'perhaps'; it must be true or false.")]
    [InlineData("ingestion__validation__max_decimals", "5", "ingestion:validation:max_decimals must be 0 to 4, not 5.")]
    [InlineData("orchestration__retries", "-1", "orchestration:retries must be 0 or more, not -1.")]
    [InlineData("cache__fresh_for_seconds", "x", "cache:fresh_for_seconds is 'x'; it must be a number.")]
    [InlineData("marts__warehouse", "oracle", "marts:warehouse is 'oracle'; it must be auto")]
    [InlineData("state_directory", "file/var", "it must be a directory that this user may write, or may make.")]
    public async Task Start_WrongSetting_SaysWhichInOneLine(string setting, string value, string says)
    {
        var file = Path.Combine(_directory.FullName, "file");
        await File.WriteAllTextAsync(file, "transaction_id,product,price,quantity,date\n");
        await File.WriteAllTextAsync(Path.Combine(_directory.FullName, "broken.yaml"), "ingestion:\n  batch_size: [1, }\n");
        await File.WriteAllTextAsync(Path.Combine(_directory.FullName, "cut.yaml"), "ingestion:\n  - a: [1\n b");
        if (setting is "pipeline_config" or "state_directory") value = Path.Combine(_directory.FullName, value);

        foreach (var command in new string[][] { [], ["load", file], ["pipeline", "run"] })
        {
            var (code, output, error) = await RunAsync(setting, value, command);

            Assert.Equal(1, code);
            Assert.Contains(says, Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Start_ProductionWithoutASecret_SaysWhichInOneLine()
    {
        var (code, output, error) = await RunAsync("ASPNETCORE_ENVIRONMENT", "Production", []);

        Assert.Equal(1, code);
        Assert.StartsWith(
            "Refusing to start in Production: security__jwt_secret",
            Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries)),
            StringComparison.Ordinal);
        Assert.DoesNotContain(" at ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_AddressInUse_SaysWhichAndHowToChooseAnother()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();

        var (code, _, error) = await RunAsync("ASPNETCORE_URLS", $"http://{other.LocalEndpoint}", []);

        Assert.Equal(1, code);
        var line = Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains($"{other.LocalEndpoint}: address already in use", line, StringComparison.Ordinal);
        Assert.Contains("ASPNETCORE_URLS", line, StringComparison.Ordinal);
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(string setting, string value, string[] command) => ProgramCommand.RunAsync(
        ProgramCommand.StartInfo(
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Development",
                ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
                ["state_directory"] = Path.Combine(_directory.FullName, "var"),
                [setting] = value,
            },
            command));
}
