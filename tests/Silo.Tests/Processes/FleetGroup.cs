namespace TransactionPipeline.Silo.Tests.Processes;

/// <summary>The tests that share one fleet: they run one after the other, and each leaves three silos running.</summary>
[CollectionDefinition(Name)]
public sealed class FleetGroup : ICollectionFixture<SiloFleet>
{
    public const string Name = "fleet";
}
