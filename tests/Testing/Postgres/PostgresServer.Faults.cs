using System.Diagnostics;
using System.Globalization;

namespace TransactionPipeline.Testing;

/// <content>What may happen to the server, beside an orderly stop.</content>
public partial class PostgresServer
{
    private LastWill? _resuming;

    private int Postmaster => int.Parse(File.ReadLines(Path.Combine(Data, "postmaster.pid")).First(), CultureInfo.InvariantCulture);

    /// <summary>Stops all of its processes, connections' too, where they stand: who is connected waits, and so does who connects.</summary>
    public async Task HangAsync()
    {
        var postmaster = Postmaster;
        // Stands first of all: it starts no further ones then.
        await SignalAsync("STOP", postmaster);
        _resuming = LastWill.Write("kill -CONT $(cat /proc/$1/task/$1/children) $1 2>/dev/null", $"{postmaster}");
        foreach (var one in ChildrenOf(postmaster)) await SignalAsync("STOP", one);
    }

    /// <summary>Lets it go on after <see cref="HangAsync"/>.</summary>
    public async Task ResumeAsync()
    {
        await _resuming!.DisposeAsync();
        _resuming = null;
    }

    /// <summary>Kills the process that all others of it depend on, as <c>kill -9</c> does; ends when all have ended.</summary>
    public async Task KillAsync()
    {
        var postmaster = Postmaster;
        List<int> all = [postmaster, .. ChildrenOf(postmaster)];
        await SignalAsync("KILL", postmaster);
        await Phase.UntilAsync(() => !all.Any(IsRunning), "the end of the server's processes");
    }

    /// <summary>Whether transactions only read, unless they say otherwise; of connections that are open, too.</summary>
    public async Task SetReadOnlyAsync(bool value)
    {
        await ExecuteAsync("postgres", value ? "ALTER SYSTEM SET default_transaction_read_only = on" : "ALTER SYSTEM RESET default_transaction_read_only");
        await ExecuteAsync("postgres", "SELECT pg_reload_conf()");
        // Every process of the server is told at the same time.
        var expected = value ? "on" : "off";
        await Phase.UntilAsync(
            async () => await ExecuteAsync("postgres", "SHOW default_transaction_read_only") as string == expected, "the server's reading of its settings");
    }

    private static IEnumerable<int> ChildrenOf(int process) => File.ReadAllText($"/proc/{process}/task/{process}/children")
        .Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(id => int.Parse(id, CultureInfo.InvariantCulture));

    private static bool IsRunning(int process)
    {
        try
        {
            // "id (name) state ...": what nobody has waited for is a zombie.
            var stat = File.ReadAllText($"/proc/{process}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..][0] != 'Z';
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static async Task SignalAsync(string name, int process)
    {
        using var kill = Process.Start(new ProcessStartInfo("kill", [$"-{name}", $"{process}"]) { UseShellExecute = false, RedirectStandardError = true })!;
        // One that has ended meanwhile needs no signal.
        await kill.StandardError.ReadToEndAsync();
        await kill.WaitForExitAsync();
    }
}
