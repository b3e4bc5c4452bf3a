namespace TransactionPipeline.Core.Tests.Postgres;

/// <summary>A server of one test, which may stop it without disturbing others.</summary>
internal sealed class OwnServer : IAsyncDisposable
{
    private PostgresServer? _server;

    public async Task<PostgresServer> StartAsync()
    {
        _server = new PostgresServer();
        await _server.InitializeAsync();
        return _server;
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
    }
}
