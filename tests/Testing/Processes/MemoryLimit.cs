using System.Diagnostics;

namespace TransactionPipeline.Testing;

/// <summary>A bound of memory as a container has it: the kernel kills a process that goes beyond. A control group of its own; needs root.</summary>
internal sealed class MemoryLimit : IDisposable
{
    private const string Version1 = "/sys/fs/cgroup/memory";
    private const string Version2 = "/sys/fs/cgroup";

    private readonly string _group;

    private MemoryLimit(string root, string limit, long bytes)
    {
        _group = Path.Combine(root, $"transaction-pipeline-tests-{Guid.NewGuid():N}");
        Directory.CreateDirectory(_group);
        try
        {
            File.WriteAllText(Path.Combine(_group, limit), $"{bytes}");
        }
        catch
        {
            Directory.Delete(_group);
            throw;
        }
    }

    /// <summary>Why there can be none on this machine; null when there can.</summary>
    public static string? Problem
    {
        get
        {
            try
            {
                Make(1L << 40).Dispose();
                return null;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                return $"no control group for memory can be made here: {error.Message}";
            }
        }
    }

    /// <summary>How often the kernel has killed for it.</summary>
    public int Kills => File.ReadLines(Path.Combine(_group, File.Exists(Path.Combine(_group, "memory.events")) ? "memory.events" : "memory.oom_control"))
        .Select(line => line.Split(' ')).Where(line => line[0] == "oom_kill").Sum(line => int.Parse(line[1], System.Globalization.CultureInfo.InvariantCulture));

    /// <exception cref="IOException">There can be none on this machine.</exception>
    public static MemoryLimit Make(long bytes) => Directory.Exists(Version1)
        ? new(Version1, "memory.limit_in_bytes", bytes)
        : new(Version2, "memory.max", bytes);

    /// <summary>The same start, in this group from the first moment on.</summary>
    public ProcessStartInfo Bound(ProcessStartInfo start)
    {
        var bound = new ProcessStartInfo("sh", ["-c", "echo $$ > \"$0\" && exec \"$@\"", Path.Combine(_group, "cgroup.procs"), start.FileName, .. start.ArgumentList])
        {
            WorkingDirectory = start.WorkingDirectory,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in start.Environment) bound.Environment[name] = value;
        return bound;
    }

    /// <summary>After the end of what was started in it.</summary>
    public void Dispose() => Directory.Delete(_group);
}
