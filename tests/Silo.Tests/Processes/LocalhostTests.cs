using System.Net;
using System.Net.NetworkInformation;

namespace TransactionPipeline.Silo.Tests.Processes;

/// <summary>Three silos on one machine without Kubernetes, as docs/cluster.md starts them: told apart by the port offset alone.</summary>
public sealed class LocalhostTests : IAsyncLifetime
{
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("localhost-tests-");
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly List<SiloProcess> _silos = [];

    // The page counts from 0; those ports may be taken on this machine.
    private readonly int _first = FreeOffset();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var silo in _silos) await silo.DisposeAsync();
        _client.Dispose();
        _state.Delete(recursive: true);
    }

    [Fact]
    public async Task Start_ThreeByPortOffset_AreOneClusterThatAsksTheMartOnce()
    {
        Start(0);
        await AgreeAsync(1);
        Start(1);
        Start(2);
        await AgreeAsync(3);
        _client.DefaultRequestHeaders.Authorization = await _silos[0].SignInAsync();

        var statuses = new List<string>();
        foreach (var silo in _silos)
        {
            using var answer = await _client.GetAsync(new Uri(silo.Address, "/sales/trends?sale_month=2023-10"));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Contains("1999.98", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            statuses.Add(answer.Headers.GetValues("Cache-Status").Single());
        }
        Assert.Contains("fwd=miss", statuses[0], StringComparison.Ordinal);
        Assert.All(statuses.Skip(1), status => Assert.DoesNotContain("fwd", status, StringComparison.Ordinal));

        await _silos[2].TerminateAsync();
        await Phase.InTimeAsync(_silos[2].WaitForExitAsync(), "the orderly end of the third silo");
        Assert.True(_silos[2].ExitCode == 0, _silos[2].Log);
        _silos.RemoveAt(2);
        await AgreeAsync(2);
    }

    private void Start(int number)
    {
        var offset = _first + number;
        _silos.Add(new SiloProcess($"silo-{number}", new Uri($"http://localhost:{8000 + offset}"), new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["state_directory"] = _state.FullName,
            ["cluster__port_offset"] = $"{offset}",
            // The first question shall be the test's.
            ["cache__warm_up"] = "false",
            ["cluster__primary"] = $"127.0.0.1:{11111 + _first}",
        }));
    }

    private Task AgreeAsync(int count) => Phase.UntilAsync(
        async () =>
        {
            foreach (var silo in _silos)
            {
                if (silo.HasExited) Assert.Fail($"{silo.Name} ended with {silo.ExitCode}:{Environment.NewLine}{silo.Log}");
                if (await silo.ReadyAsync(_client) != (HttpStatusCode.OK, count)) return false;
            }
            return true;
        },
        $"the agreement of {count} silos");

    private static int FreeOffset()
    {
        var taken = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Select(one => one.Port).ToHashSet();
        return Enumerable.Range(100, 800).First(first =>
            Enumerable.Range(first, 3).SelectMany(offset => (int[])[8000 + offset, 11111 + offset, 30000 + offset]).All(port => !taken.Contains(port)));
    }
}
