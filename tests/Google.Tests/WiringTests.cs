using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using TransactionPipeline.Core.Archive;
using TransactionPipeline.Core.Configuration;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Google.Tests;

public sealed class WiringTests
{
    [Theory]
    [InlineData("auto", null, "sqlite", new[] { "sqlite" })]
    [InlineData("auto", "key.json", "bigquery", new[] { "bigquery", "sqlite" })]
    [InlineData("bigquery", null, "bigquery", new[] { "bigquery", "sqlite" })]
    [InlineData("sqlite", "key.json", "sqlite", new[] { "sqlite" })]
    public async Task Warehouse_BySettingAndCredentials_IsPlayedBy(string setting, string? credentials, string warehouse, string[] stores)
    {
        await using var app = Build(setting, credentials);
        var marts = app.Services.GetRequiredService<IReadOnlyDictionary<Mart, IMartSource>>();
        Assert.Equal(warehouse, marts[Mart.Warehouse].Store);
        Assert.Equal("sqlite", marts[Mart.Operational].Store);
        Assert.Equal(stores, app.Services.GetServices<ITransactionStore>().Select(store => store.Store));
    }

    [Fact]
    public async Task Archive_CredentialsWithoutBigQuery_ArchivesWhatTheOtherMartLoads()
    {
        await using var app = Build("sqlite", "key.json");
        Assert.IsType<ArchivingTransactionStore>(app.Services.GetServices<ITransactionStore>().First());
    }

    [Fact]
    public void BigQuery_WithoutABucket_IsRefusedAtStart() =>
        Assert.Contains("data_lake:gcs_bucket", Assert.ThrowsAny<Exception>(() => Build("bigquery", null, bucket: "")).Message, StringComparison.Ordinal);

    private static WebApplication Build(string setting, string? credentials, string bucket = "some-bucket")
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["marts:warehouse"] = setting,
            ["google:credentials_file"] = credentials,
            ["GOOGLE_APPLICATION_CREDENTIALS"] = "",
            ["data_lake:gcs_bucket"] = bucket,
            ["data_warehouse:project_id"] = "some-project",
        });
        builder.Services.AddLogging();
        builder.Services.AddSingleton(new StateOptions(Path.GetTempPath()));
        builder.Services.AddOptions<MartsOptions>().Bind(builder.Configuration.GetSection("marts"));
        builder.AddMarts();
        return builder.Build();
    }
}
