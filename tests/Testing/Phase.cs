namespace TransactionPipeline.Testing;

/// <summary>Waits for what a test needs to have happened, and says what did not.</summary>
internal static class Phase
{
    // A server's thousands of files are removed from a busy disk, for one.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(300);

    public static async Task<T> InTimeAsync<T>(Task<T> task, string phase)
    {
        await InTimeAsync((Task)task, phase);
        return await task;
    }

    public static async Task InTimeAsync(Task task, string phase)
    {
        try
        {
            await task.WaitAsync(Limit, TimeProvider.System);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            Assert.Fail($"{phase} did not happen within {Limit.TotalSeconds} s");
        }
    }

    /// <summary>Looks until <paramref name="holds"/> does.</summary>
    public static Task UntilAsync(Func<bool> holds, string phase) => UntilAsync(() => Task.FromResult(holds()), phase);

    /// <summary>Looks until <paramref name="holds"/> does.</summary>
    public static async Task UntilAsync(Func<Task<bool>> holds, string phase)
    {
        using var limit = new CancellationTokenSource(Limit, TimeProvider.System);
        while (!await holds())
        {
            if (limit.IsCancellationRequested) Assert.Fail($"{phase} did not happen within {Limit.TotalSeconds} s");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }
}
