using System.Net;

namespace TransactionPipeline.Silo.Tests.Postgres;

/// <summary>What the program tells of itself names no server, database, user or password.</summary>
public sealed class SecrecyTests : IAsyncLifetime
{
    // Names that stand out, and a host that is not the one Kestrel listens on.
    private const string Database = "a_database_of_names";
    private const string Host = "localhost";

    private readonly PostgresServer _server = new();
    private ProgramProcess _replica = null!;

    private string[] Secrets => [Host, $"{_server.Port}", Database, PostgresServer.User, PostgresServer.Password];

    public async Task InitializeAsync()
    {
        await _server.InitializeAsync();
        await _server.ExecuteAsync("postgres", $"CREATE DATABASE {Database}");
    }

    public async Task DisposeAsync()
    {
        await _replica.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Get_WhatIsToldOfTheProgram_NamesNoServerDatabaseOrUser()
    {
        await StartAsync(new(StringComparer.Ordinal) { ["ingestion__sample"] = "data/transactions.csv" });
        using var answer = await _replica.Client.GetAsync("/sales/pg-trends?sale_month=2023-10");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        await AssertNamesNothingAsync(Secrets);
    }

    [Fact]
    public async Task Get_WhatIsToldOfAProgramThatAsksGoogle_NamesNoEndpoint()
    {
        await StartAsync(new(StringComparer.Ordinal)
        {
            ["marts__warehouse"] = "bigquery",
            // Nobody listens there.
            ["google__bigquery_endpoint"] = $"http://{Host}:9/",
            ["google__attempts"] = "1",
        });
        using var answer = await _replica.Client.GetAsync("/sales/trends?sale_month=2023-10");
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);

        await AssertNamesNothingAsync(Secrets);
        await _replica.Log.WaitForAsync("ConnectionRefused");
        Assert.Contains("Refresh of", _replica.Log.Text, StringComparison.Ordinal);
    }

    private async Task StartAsync(Dictionary<string, string> settings)
    {
        var options = _server.OptionsFor(Database);
        options.Host = Host;
        _replica = await ProgramProcess.ServeAsync(ProgramSettings.Over(options).With(settings));
    }

    private async Task AssertNamesNothingAsync(string[] secrets)
    {
        foreach (var path in (string[])["/metrics", "/health/live", "/health/ready", "/health/startup", "/admin/cache", "/"])
        {
            using var answer = await _replica.Client.GetAsync(path);
            var told = await answer.Content.ReadAsStringAsync();
            Assert.DoesNotContain(told.Split('\n'), line => secrets.Any(secret => line.Contains(secret, StringComparison.Ordinal)));
            // The pool is counted all the same.
            if (path == "/metrics") Assert.Contains("db_client_connection_pool_name=\"transaction-pipeline\"", told, StringComparison.Ordinal);
        }
        foreach (var secret in secrets) Assert.DoesNotContain(secret, _replica.Log.Text, StringComparison.Ordinal);
    }
}
