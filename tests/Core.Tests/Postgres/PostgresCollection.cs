namespace TransactionPipeline.Core.Tests.Postgres;

/// <summary>The tests that share one server; each has a database of its own.</summary>
[CollectionDefinition(Name)]
public sealed class PostgresCollection : ICollectionFixture<PostgresServer>
{
    public const string Name = "postgres";
}
