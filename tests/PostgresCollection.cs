namespace TransactionPipeline.Tests;

/// <summary>The tests of an assembly that share one server; each has a database of its own.</summary>
[CollectionDefinition(Name)]
public sealed class PostgresCollection : ICollectionFixture<PostgresFixture>
{
    public const string Name = "postgres";
}
