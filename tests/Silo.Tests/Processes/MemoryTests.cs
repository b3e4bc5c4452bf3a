using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit.Abstractions;

namespace TransactionPipeline.Silo.Tests.Processes;

/// <summary>A container of twice <c>cache:max_bytes</c> beside the empty process survives a scan of ten times that under load.</summary>
public sealed partial class MemoryTests(ITestOutputHelper output) : IDisposable
{
    private const long MaxBytes = 200 << 20;
    private const int Clients = 8;
    private static readonly int[] Years = [2022, 2023];
    private static readonly string[] Codings = ["identity", "br", "gzip"];

    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("memory-tests-");

    public void Dispose() => _state.Delete(recursive: true);

    [WithMemoryLimitFact]
    [Trait("Tier", "Long")]
    public async Task Scan_InAContainerOfTwiceTheBound_IsServedToTheEnd()
    {
        var file = Path.Combine(_state.FullName, "sales.csv");
        foreach (var year in Years)
        {
            await RunAsync("generate", "--rows", "1200000", "--seed", $"{year}", file);
            File.WriteAllLines($"{file}.{year}", File.ReadLines(file).Select(line => line.Replace(",2023-", $",{year}-", StringComparison.Ordinal)));
            await RunAsync("load", $"{file}.{year}");
        }
        // Of each product's months, by the whole name and by shorter and shorter beginnings of it: no answer is cut from another that is held.
        var names = File.ReadLines(file).Skip(1).Select(line => line.Split(',')[1]).Distinct(StringComparer.Ordinal).ToList();
        var months = Years.SelectMany(year => Enumerable.Range(1, 12).Select(month => $"{year}-{month:00}")).ToList();
        var keys = Enumerable.Range(0, 12).SelectMany(cut => names.Where(name => name.Length > cut + 3 && name[^(cut + 1)] != ' ' && name[^(cut + 2)] != ' ')
            .SelectMany(name => months.Select(month => $"sale_month={month}&product_prefix={Uri.EscapeDataString(name[..^cut])}")));
        long empty;
        await using (var alone = ProgramProcess.Start(Settings()))
        {
            await ReadyAsync(alone);
            empty = alone.ResidentBytes;
        }

        using var limit = MemoryLimit.Make(empty + (2 * MaxBytes));
        await using (var silo = ProgramProcess.Start(limit.Bound(ProgramCommand.StartInfo(Settings())), "the bounded program"))
        {
            await ReadyAsync(silo);
            silo.Client.DefaultRequestHeaders.Authorization = await silo.SignInAsync();
            var sizes = new Dictionary<string, long>(StringComparer.Ordinal);
            foreach (var some in keys.Chunk(50).TakeWhile(_ => sizes.Values.Sum() < 10 * MaxBytes))
            {
                await Parallel.ForEachAsync(some, new ParallelOptions { MaxDegreeOfParallelism = Clients }, async (key, _) => await AskAsync(silo, key));
                // Before they go: what is held of them now.
                foreach (var (key, bytes) in await HeldAsync(silo)) sizes[key] = Math.Max(bytes, sizes.GetValueOrDefault(key));
            }

            output.WriteLine($"{empty >> 20} MiB empty, {silo.ResidentBytes >> 20} MiB after {sizes.Count} keys of {sizes.Values.Sum() >> 20} MiB");
            Assert.True(sizes.Values.Sum() >= 10 * MaxBytes, $"only {sizes.Values.Sum()} bytes could be asked for");
            Assert.Equal((0, false), (limit.Kills, silo.HasExited));
        }
    }

    private static async Task ReadyAsync(ProgramProcess silo) =>
        await Phase.UntilAsync(async () => await silo.ReadyAsync(silo.Client) is (System.Net.HttpStatusCode.OK, 1), "the program's readiness");

    /// <summary>The bytes that each key takes.</summary>
    private static async Task<IEnumerable<(string Key, long Bytes)>> HeldAsync(ProgramProcess silo) =>
        (await silo.Client.GetFromJsonAsync<JsonElement>("/admin/cache")).EnumerateArray()
            .Select(key => (key.GetProperty("key").GetString()!, key.GetProperty("size_bytes").GetInt64()));

    /// <summary>In each coding.</summary>
    private static async Task AskAsync(ProgramProcess silo, string key)
    {
        foreach (var coding in Codings)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/sales/pg-trends?{key}");
            request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue(coding));
            using var answer = await silo.Client.SendAsync(request);
            Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode} for {key}: {(answer.IsSuccessStatusCode ? "" : await answer.Content.ReadAsStringAsync())}");
        }
    }

    private async Task RunAsync(params string[] command)
    {
        var (code, _, error) = await ProgramCommand.RunAsync(ProgramCommand.StartInfo(Settings(), command));
        Assert.True(code == 0, error);
    }

    private Dictionary<string, string> Settings() => new(Allocator().Matches(File.ReadAllText(Path.Combine(Repository.Root, "Dockerfile")))
        .Select(match => KeyValuePair.Create(match.Groups["name"].Value, match.Groups["value"].Value)), StringComparer.Ordinal)
    {
        ["ASPNETCORE_ENVIRONMENT"] = "Development",
        ["state_directory"] = _state.FullName,
        ["ingestion__sample"] = "",
        ["cache__max_bytes"] = $"{MaxBytes}",
        ["Logging__LogLevel__Default"] = "Warning",
    };

    /// <summary>The allocator's settings, as the image has them.</summary>
    [GeneratedRegex(@"(?<name>MALLOC_\w+)=(?<value>\d+)", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Allocator();

    /// <summary>Where no group can be made, the reason is printed.</summary>
    private sealed class WithMemoryLimitFactAttribute : FactAttribute
    {
        public WithMemoryLimitFactAttribute() => Skip = MemoryLimit.Problem;
    }
}
