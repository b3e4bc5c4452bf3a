using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace TransactionPipeline.Silo.Tests.Processes;

/// <summary>Silos on one machine without Kubernetes, as docs/cluster.md starts them.</summary>
public sealed class LocalhostTests : IAsyncLifetime
{
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("localhost-tests-");
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly Fleet _silos = new();
    private readonly int _siloPort = Ports.Free();

    private string Primary => $"127.0.0.1:{_siloPort}";

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _silos.DisposeAsync();
        _client.Dispose();
        _state.Delete(recursive: true);
    }

    [Fact]
    public async Task Start_TwoThatAreToldNothing_AreTwoClustersThatKnowNothingOfEachOther()
    {
        // At the same moment, with the same ports.
        Start("one");
        Start("two");
        await _silos.AgreeAsync(1);
        _client.DefaultRequestHeaders.Authorization = await _silos[0].SignInAsync();

        using var file = new StringContent("transaction_id,product,price,quantity,date\nT9,Halal Tea,12.50,4,2023-11-05\n", null, "text/csv");
        using var uploaded = await _client.PostAsync(new Uri(_silos[0].Address, "/upload/transactions"), file);
        Assert.Equal(HttpStatusCode.OK, uploaded.StatusCode);

        Assert.Equal(1, await CountRowsAsync(_silos[0], "2023-11"));
        _client.DefaultRequestHeaders.Authorization = await _silos[1].SignInAsync();
        Assert.Equal(0, await CountRowsAsync(_silos[1], "2023-11"));
        Assert.Equal(3, await CountRowsAsync(_silos[1], "2023-10"));
    }

    [Fact]
    public async Task Start_ThreeWithOnePrimary_AreOneClusterThatAsksTheMartOnce()
    {
        // All with the same settings: the first gets the primary's port, and so is it.
        Start("one", Primary);
        await _silos.AgreeAsync(1);
        Start("one", Primary);
        Start("one", Primary);
        await _silos.AgreeAsync(3);
        _client.DefaultRequestHeaders.Authorization = await _silos[0].SignInAsync();

        var statuses = new List<string>();
        foreach (var silo in _silos.Members)
        {
            using var answer = await _client.GetAsync(new Uri(silo.Address, "/sales/trends?sale_month=2023-10"));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Contains("1999.98", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            statuses.Add(answer.Headers.GetValues("Cache-Status").Single());
        }
        Assert.Contains("fwd=miss", statuses[0], StringComparison.Ordinal);
        Assert.All(statuses.Skip(1), status => Assert.DoesNotContain("fwd", status, StringComparison.Ordinal));

        await _silos[2].TerminateAsync();
        await _silos[2].WaitForExitAsync("the orderly end of the third silo");
        Assert.True(_silos[2].ExitCode == 0, _silos[2].Log.Text);
        _silos.Leave(_silos[2]);
        await _silos.AgreeAsync(2);
    }

    [Fact]
    public async Task Join_StateDirectoryByAnotherName_IsTheSameStore()
    {
        Start("one", Primary);
        await _silos.AgreeAsync(1);
        Directory.CreateSymbolicLink(Path.Combine(_state.FullName, "link"), Path.Combine(_state.FullName, "one"));

        Start("link", Primary);

        await _silos.AgreeAsync(2);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Join_ClusterOverOtherStores_IsRefusedInOneLineThatNamesThem(bool copied)
    {
        Start("one", Primary);
        await _silos.AgreeAsync(1);
        // A copy has every id of what it was copied from, and is another store all the same.
        if (copied) CopyState("one", "two");

        var other = Start("two", Primary);
        await other.WaitForExitAsync("the end of the silo that is refused");

        Assert.Equal(1, other.ExitCode);
        var line = Assert.Single(other.Log.ErrorLines);
        Assert.StartsWith("Refusing to join the cluster transaction-pipeline-3: its silo ", line, StringComparison.Ordinal);
        foreach (var part in new[] { "operational mart", "warehouse mart", "shared store" })
            Assert.Contains($"another {part} (sqlite in {_state.FullName}/one/", line, StringComparison.Ordinal);
        Assert.Contains($"here sqlite in {_state.FullName}/two/", line, StringComparison.Ordinal);
        Assert.Contains("cluster__primary", line, StringComparison.Ordinal);
        _silos.Leave(other);
        await _silos.AgreeAsync(1);
        // It has left no trace: the first silo's membership is as it was before.
        Assert.Equal("2", (await HealthAsync(_silos[0])).GetProperty("membership_version").GetString());
    }

    private ProgramProcess Start(string state, string? primary = null)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["state_directory"] = Path.Combine(_state.FullName, state),
            ["cluster__silo_port"] = $"{_siloPort}",
            // The first question shall be the test's.
            ["cache__warm_up"] = "false",
        };
        if (primary is not null) settings["cluster__primary"] = primary;
        return _silos.Join(ProgramProcess.Start(settings, $"silo-{_silos.Count}"));
    }

    private void CopyState(string from, string to)
    {
        var target = Directory.CreateDirectory(Path.Combine(_state.FullName, to));
        foreach (var file in Directory.GetFiles(Path.Combine(_state.FullName, from))) File.Copy(file, Path.Combine(target.FullName, Path.GetFileName(file)));
    }

    private async Task<int> CountRowsAsync(ProgramProcess silo, string month) =>
        (await _client.GetFromJsonAsync<JsonElement>(new Uri(silo.Address, $"/sales/trends?product_prefix=Halal&sale_month={month}"))).GetArrayLength();

    private async Task<JsonElement> HealthAsync(ProgramProcess silo) =>
        (await _client.GetFromJsonAsync<JsonElement>(new Uri(silo.Address, "/health/ready"))).GetProperty("checks").GetProperty("cluster").GetProperty("data");
}
