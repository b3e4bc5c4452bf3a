using System.Diagnostics;

namespace TransactionPipeline.Testing;

/// <summary>
/// A shell script that runs when this object is disposed or this process ends, however it ends: what the script stops and removes is
/// left behind by no test, not even by a test host that was killed.
/// </summary>
internal sealed class LastWill : IAsyncDisposable
{
    // Waits for the end of its input, whose other end only this process has. In a session of its own and nobody's child, so that what is
    // done to this process, its children and its group is not done to it.
    private const string Script =
        """
        exec 3<&0
        script=$1
        shift
        setsid /bin/sh -c "trap '' HUP INT TERM; cat >/dev/null; $script" sh "$@" <&3 3<&- &
        """;

    // Kept: were it collected, so would be its end of the input.
    private readonly Process _process;
    private bool _done;

    private LastWill(Process process) => _process = process;

    /// <param name="script">Finds its arguments in $1, $2 and so on.</param>
    /// <param name="arguments">The arguments.</param>
    public static LastWill Write(string script, params IEnumerable<string> arguments) => new(Process.Start(
        new ProcessStartInfo("/bin/sh", ["-c", Script, "sh", script, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!);

    /// <summary>Has the script run now, and waits until it has.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_done) return;
        _done = true;
        _process.StandardInput.Close();
        // The script has the output's other end.
        await Phase.InTimeAsync(_process.StandardOutput.ReadToEndAsync(), "the end of what the last will does");
        _process.Dispose();
    }
}
