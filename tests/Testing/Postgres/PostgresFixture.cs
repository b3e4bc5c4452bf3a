namespace TransactionPipeline.Testing;

/// <summary>The server as xunit starts and stops it.</summary>
public sealed class PostgresFixture : PostgresServer, IAsyncLifetime;
