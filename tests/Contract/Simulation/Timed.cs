namespace TransactionPipeline.Contract.Simulation;

/// <summary>Something that happens at its time.</summary>
internal abstract class Timed
{
    /// <summary>Called by the world, outside of all silos.</summary>
    public abstract void Happen();
}

/// <summary>What the world itself does at a time.</summary>
internal sealed class TimedAction(Action action) : Timed
{
    public override void Happen() => action();
}
