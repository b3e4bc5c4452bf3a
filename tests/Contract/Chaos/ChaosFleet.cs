using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
using TransactionPipeline.Contract.History;
using TransactionPipeline.KubernetesStandIn;
using TransactionPipeline.Silo.Membership;

namespace TransactionPipeline.Contract.Chaos;

/// <summary>
/// The silos' processes, each with a name of its own in PostgreSQL, the API server's stand-in through which they find each other, and what a
/// Service is to them: who said that it is ready when it was last asked is sent requests.
/// </summary>
internal sealed class ChaosFleet(Observer observer, KubernetesStandInServer api, IReadOnlyDictionary<string, string> settings) : IAsyncDisposable
{
    /// <summary>How many are meant to run.</summary>
    public const int Size = 3;

    // More than there ever are processes at the same time.
    private static readonly IReadOnlyList<string> Users = [.. Enumerable.Range(1, 3 * Size).Select(i => $"silo_user_{i}")];

    private static readonly TimeSpan ProbeTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ProbePause = TimeSpan.FromMilliseconds(200);

    private readonly HttpClient _prober = new() { Timeout = ProbeTime };
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _probing = [];
    private readonly ConcurrentQueue<ChaosSilo> _failedStarts = [];
    private volatile ImmutableList<ChaosSilo> _all = [];
    private ImmutableList<ChaosSilo> _members = [];

    /// <summary>All that there ever were.</summary>
    public IReadOnlyList<ChaosSilo> All => _all;

    /// <summary>Those that are meant to run.</summary>
    public IReadOnlyList<ChaosSilo> Members => _members;

    /// <summary>Those of them that are sent requests.</summary>
    public IReadOnlyList<ChaosSilo> Ready => [.. _members.Where(silo => silo.IsReady)];

    /// <summary>Signs requests in.</summary>
    public AuthenticationHeaderValue Token { get; private set; } = null!;

    /// <summary>Starts that ended before they were ready, as where PostgreSQL was away, and were begun again.</summary>
    public IReadOnlyCollection<ChaosSilo> FailedStarts => _failedStarts;

    /// <summary>Processes that were asked to go and did not end in order.</summary>
    public IReadOnlyList<ChaosSilo> LeftInDisorder => [.. _all.Where(silo => silo.WasAskedToGo && silo.Process.HasExited && silo.Process.ExitCode != 0)];

    /// <summary>Processes that ended by themselves, having been taken for dead: while they stood still, or where the machine is slow.</summary>
    public int LeftForDead => _all.Count(silo => silo.LeftByItself && silo.HeardOfItsDeath);

    /// <summary>Processes that ended by themselves for no such reason.</summary>
    public IReadOnlyList<ChaosSilo> LeftForNothing => [.. _all.Where(silo => silo.LeftByItself && !silo.HeardOfItsDeath)];

    /// <summary>
    /// Makes the users that the processes are in PostgreSQL. By its user a process is known on the line to it; by another address it would be
    /// another database to the others.
    /// </summary>
    public static async Task MakeUsersAsync(PostgresServer server)
    {
        foreach (var user in Users) await server.ExecuteAsync("postgres", $"CREATE ROLE {user} SUPERUSER LOGIN PASSWORD '{PostgresServer.Password}'");
    }

    /// <summary>Starts all of them at once.</summary>
    public async Task StartAsync()
    {
        await Task.WhenAll(Enumerable.Range(0, Size).Select(_ => JoinAsync()));
        await SettleAsync();
        Token = await _members[0].Process.SignInAsync();
    }

    /// <summary>One more, ready. As a kubelet does, it starts again what ended before.</summary>
    public async Task<ChaosSilo> JoinAsync()
    {
        while (true)
        {
            var silo = Start();
            await Phase.UntilAsync(() => silo.IsReady || silo.Process.HasExited, $"the readiness of {silo.Name}");
            if (!silo.Process.HasExited)
            {
                observer.Note(at => new Fault(at, FaultKind.ProcessJoined, silo.Name));
                observer.Note(at => new Fault(at, FaultKind.ProcessJoined, silo.Name, IsOver: true));
                ImmutableInterlocked.Update(ref _members, members => members.Add(silo));
                return silo;
            }
            _failedStarts.Enqueue(silo);
            if (_failedStarts.Count > 1000) throw new InvalidOperationException($"No silo starts any more; the last said\n{silo.Process.Log.Text}");
        }
    }

    /// <summary>As many as there are meant to be.</summary>
    public async Task FillAsync()
    {
        while (_members.Count < Size) await JoinAsync();
    }

    /// <summary>Every one is ready, and takes all of them and no others for active; who is missing is replaced.</summary>
    public Task SettleAsync() => Phase.UntilAsync(
        async () =>
        {
            await FillAsync();
            foreach (var silo in _members)
                if (await silo.Process.ReadyAsync(_prober) != (HttpStatusCode.OK, Size)) return false;
            return true;
        },
        $"the agreement of {Size} silos");

    /// <summary>As <c>kill -9</c> does.</summary>
    public async Task KillAsync(ChaosSilo silo)
    {
        silo.IsLeaving = true;
        silo.Harm();
        observer.Note(at => new Fault(at, FaultKind.ProcessKilled, silo.Name));
        await silo.Process.KillAsync();
        Remove(silo);
        observer.Note(at => new Fault(at, FaultKind.ProcessKilled, silo.Name, IsOver: true));
    }

    /// <summary>It stands still for so long; it may be gone afterwards, having been taken for dead meanwhile.</summary>
    public Task FreezeAsync(ChaosSilo silo, TimeSpan time) => FreezeAsync(silo, Task.Delay(time, TimeProvider.System));

    /// <summary>It stands still until the others take it for dead, or for <paramref name="longest"/>.</summary>
    public async Task FreezeUntilDeadAsync(ChaosSilo silo, TimeSpan longest)
    {
        using var limit = new CancellationTokenSource(longest, TimeProvider.System);
        await FreezeAsync(silo, UntilDeadAsync());

        async Task UntilDeadAsync()
        {
            while (!limit.IsCancellationRequested && !IsDead(silo.Name))
                await Task.Delay(ProbePause, TimeProvider.System, limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>As a Deployment does it: a new one, ready, and then an old one is asked to go.</summary>
    public async Task ReplaceAsync(ChaosSilo silo)
    {
        await JoinAsync();
        silo.IsLeaving = true;
        silo.Harm();
        observer.Note(at => new Fault(at, FaultKind.ProcessLeft, silo.Name));
        if (!silo.Process.HasExited)
        {
            silo.WasAskedToGo = true;
            await silo.Process.TerminateAsync();
        }
        await silo.Process.WaitForExitAsync($"the orderly end of {silo.Name}");
        Remove(silo);
        observer.Note(at => new Fault(at, FaultKind.ProcessLeft, silo.Name, IsOver: true));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_probing);
        foreach (var silo in _all) await silo.Process.DisposeAsync();
        _prober.Dispose();
        _stop.Dispose();
    }

    private async Task FreezeAsync(ChaosSilo silo, Task enough)
    {
        silo.Harm();
        observer.Note(at => new Fault(at, FaultKind.ProcessFrozen, silo.Name));
        await silo.Process.FreezeAsync();
        await enough;
        await silo.Process.ThawAsync();
        observer.Note(at => new Fault(at, FaultKind.ProcessFrozen, silo.Name, IsOver: true));
        await Phase.UntilAsync(() => silo.IsReady || silo.Process.HasExited, $"the return or the end of {silo.Name}");
        silo.Heal();
    }

    private ChaosSilo Start()
    {
        ChaosSilo silo;
        lock (_probing)
        {
            var user = Users.First(one => !_all.Exists(other => other.User == one && !other.Process.HasExited));
            silo = new ChaosSilo(
                ProgramProcess.StartInAPod($"silo-{_all.Count + 1}", new Dictionary<string, string>(settings, StringComparer.Ordinal)
                {
                    ["data_warehouse__postgres__user"] = user,
                    ["cluster__api_server"] = api.Address.ToString(),
                }),
                user);
            _all = _all.Add(silo);
            _probing.Add(Task.Run(() => ProbeAsync(silo)));
        }
        return silo;
    }

    private bool IsDead(string name) => api.Objects(MembershipApi.Group, MembershipApi.Tables)
        .SelectMany(table => table["spec"]!["silos"]!.AsArray())
        .Any(row => row!["siloName"]!.GetValue<string>() == name && row["status"]!.GetValue<string>() == "Dead");

    private void Remove(ChaosSilo silo) => ImmutableInterlocked.Update(ref _members, members => members.Remove(silo));

    private async Task ProbeAsync(ChaosSilo silo)
    {
        while (!_stop.IsCancellationRequested && !silo.Process.HasExited)
        {
            silo.IsReady = await silo.Process.ReadyAsync(_prober) is (HttpStatusCode.OK, _);
            await Task.Delay(ProbePause, TimeProvider.System, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        silo.IsReady = false;
        if (!silo.Process.HasExited || !_members.Contains(silo) || silo.IsLeaving) return;
        silo.LeftByItself = true;
        Remove(silo);
    }
}
