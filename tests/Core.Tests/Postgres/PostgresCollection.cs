namespace TransactionPipeline.Core.Tests.Postgres;

/// <summary>The tests that share one server; each has a database of its own.</summary>
[CollectionDefinition(Name)]
public sealed class PostgresCollection : ICollectionFixture<PostgresFixture>
{
    public const string Name = "postgres";
}

/// <summary>The server as xunit starts and stops it.</summary>
public sealed class PostgresFixture : PostgresServer, IAsyncLifetime;
