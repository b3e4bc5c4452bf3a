namespace TransactionPipeline.Contract.Chaos;

/// <summary>One run at a time.</summary>
[CollectionDefinition(Name)]
public sealed class ChaosGroup
{
    public const string Name = "chaos";
}
