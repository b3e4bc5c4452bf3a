namespace TransactionPipeline.Contract.Chaos;

/// <summary>Runs when nothing else does: it needs the processors for processes of its own.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ChaosGroup
{
    public const string Name = "chaos";
}
