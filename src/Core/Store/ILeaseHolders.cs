namespace TransactionPipeline.Core.Store;

/// <summary>The processes that hold leases, as far as this one knows of them.</summary>
public interface ILeaseHolders
{
    /// <summary>This process's name, with which its leases' holders begin; another at each start, and without a slash.</summary>
    string Own { get; }

    /// <summary>True when the process of that holder is known to have ended, so that nobody need wait for the end of its leases.</summary>
    bool HasEnded(string holder);
}

/// <summary>A process that knows of no other: what another holds is over when its time is.</summary>
public sealed class LoneProcess : ILeaseHolders
{
    /// <inheritdoc/>
    public string Own { get; } = $"{Environment.MachineName}:{Environment.ProcessId}:{Guid.NewGuid():N}";

    /// <inheritdoc/>
    public bool HasEnded(string holder) => false;
}
