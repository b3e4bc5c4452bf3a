using System.Diagnostics;

namespace TransactionPipeline.Testing;

/// <summary>What a process has written so far, and waiting for what it will write.</summary>
internal sealed class ProcessLog
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Lock _gate = new();
    private readonly List<string> _lines = [];
    private readonly List<(string Text, int From, TaskCompletionSource<string> Found)> _waiting = [];
    private readonly List<string> _errors = [];
    private bool _ended;

    /// <summary>Reads both outputs of a process that redirects them.</summary>
    public ProcessLog(Process process)
    {
        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.ErrorDataReceived += (_, line) => Take(line.Data, isOutput: false);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>All lines.</summary>
    public string Text
    {
        get
        {
            lock (_gate) return string.Join('\n', _lines);
        }
    }

    /// <summary>The lines of standard error.</summary>
    public IReadOnlyList<string> ErrorLines
    {
        get
        {
            lock (_gate) return [.. _errors];
        }
    }

    /// <summary>A place in the log, to wait for what is written after it.</summary>
    public int End
    {
        get
        {
            lock (_gate) return _lines.Count;
        }
    }

    /// <summary>The first line from <paramref name="from"/> on that has <paramref name="text"/> in it; waits until it is written.</summary>
    public async Task<string> WaitForAsync(string text, int from = 0)
    {
        var found = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_lines.Skip(from).FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal)) is { } line) return line;
            if (_ended) throw Ended(text);
            _waiting.Add((text, from, found));
        }
        try
        {
            return await found.Task.WaitAsync(Patience);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"Not logged within {Patience.TotalSeconds} s: {text}\n{Text}", late);
        }
    }

    private void Take(string? line, bool isOutput = true)
    {
        lock (_gate)
        {
            if (line is not null)
            {
                _lines.Add(line);
                if (!isOutput) _errors.Add(line);
                foreach (var (text, from, found) in _waiting)
                    if (_lines.Count > from && line.Contains(text, StringComparison.Ordinal)) found.TrySetResult(line);
            }
            else if (isOutput)
            {
                _ended = true;
                foreach (var (text, _, found) in _waiting) found.TrySetException(Ended(text));
            }
            _waiting.RemoveAll(wait => wait.Found.Task.IsCompleted);
        }
    }

    private InvalidOperationException Ended(string text) => new($"The process ended before it logged: {text}\n{string.Join('\n', _lines)}");
}
