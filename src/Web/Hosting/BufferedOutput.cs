using System.Text;

namespace TransactionPipeline.Web.Hosting;

/// <summary>
/// Standard output in blocks instead of a system call for each line, where a program reads it: at tens of thousands of answers a second
/// those calls cost more than the answers. What a crash may lose is a tenth of a second; a person at a terminal sees every line at once.
/// </summary>
internal static class BufferedOutput
{
    private const int Bytes = 64 * 1024;
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(100);
    private static ITimer? _flushing;

    /// <summary>Puts the buffer in place, once, before the first line is written.</summary>
    public static void Install()
    {
        if (_flushing is not null || !Console.IsOutputRedirected) return;
        var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), Bytes);
        Console.SetOut(output);
        // Through Console.Out, which SetOut has made safe to use from several threads.
        _flushing = TimeProvider.System.CreateTimer(static _ => Console.Out.Flush(), state: null, Longest, Longest);
        AppDomain.CurrentDomain.ProcessExit += static (_, _) => Console.Out.Flush();
    }
}
