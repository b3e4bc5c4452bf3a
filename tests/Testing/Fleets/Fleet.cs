using System.Net;

namespace TransactionPipeline.Testing;

/// <summary>Some processes of the program, and which of them are meant to run; they end with this object, whoever left before.</summary>
internal sealed class Fleet : IAsyncDisposable
{
    private readonly HttpClient _prober = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly List<ProgramProcess> _all = [];
    private volatile IReadOnlyList<ProgramProcess> _members = [];

    /// <summary>Those that are meant to run, in the order in which they joined.</summary>
    public IReadOnlyList<ProgramProcess> Members => _members;

    /// <summary>How many there ever were.</summary>
    public int Count => _all.Count;

    public ProgramProcess this[int index] => _members[index];

    /// <summary>Takes over one that is not meant to run yet, or that is to end by itself.</summary>
    public ProgramProcess Add(ProgramProcess process)
    {
        _all.Add(process);
        return process;
    }

    /// <summary>Means one to run.</summary>
    public ProgramProcess Join(ProgramProcess process)
    {
        if (!_all.Contains(process)) Add(process);
        _members = [.. _members, process];
        return process;
    }

    public void Leave(ProgramProcess process) => _members = [.. _members.Where(one => one != process)];

    /// <summary>Every member is ready, and takes <paramref name="silos"/> for active.</summary>
    public async Task AgreeAsync(int silos)
    {
        var phase = $"the agreement of {_members.Count} processes that {silos} silos are active";
        try
        {
            await Phase.UntilAsync(
                async () =>
                {
                    foreach (var ended in _members.Where(one => one.HasExited))
                        Assert.Fail($"{ended.Name} ended with {ended.ExitCode} before {phase}");
                    foreach (var one in _members)
                        if (await one.ReadyAsync(_prober) != (HttpStatusCode.OK, silos)) return false;
                    return true;
                },
                phase);
        }
        catch (Xunit.Sdk.XunitException disagreed)
        {
            var logs = _members.Select(one => $"{Environment.NewLine}{one.Name}:{Environment.NewLine}{one.Log.Text}");
            throw new InvalidOperationException(disagreed.Message + string.Concat(logs), disagreed);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var one in _all) await one.DisposeAsync();
        _prober.Dispose();
    }
}
