namespace TransactionPipeline.Core.Cache;

/// <summary>Tasks whose order a test can own: none of them leaves the scheduler that it was started on.</summary>
public static class ScheduledTasks
{
    /// <summary>Begins <paramref name="work"/> on the scheduler, not on the caller's thread; what it awaits goes on there too.</summary>
    public static Task Run(this TaskScheduler tasks, Func<Task> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, tasks).Unwrap();

    /// <inheritdoc cref="Run(TaskScheduler, Func{Task})"/>
    public static Task<T> Run<T>(this TaskScheduler tasks, Func<Task<T>> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, tasks).Unwrap();

    /// <summary>Completes when the task has ended, whatever came of it; its failure counts as seen.</summary>
    public static async Task SettledAsync(this Task task) => await task.ConfigureAwait(
        ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
}
