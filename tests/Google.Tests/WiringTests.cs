using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using TransactionPipeline.Core.Archive;
using TransactionPipeline.Core.Configuration;
using TransactionPipeline.Core.Google;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.GoogleStandIn;
using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Google.Tests;

public sealed class WiringTests : IDisposable
{
    private readonly TempDirectory _state = new();

    public void Dispose() => _state.Dispose();

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

    [Fact]
    public async Task Read_ServiceIsDownForGood_IsRetriedInOnePlaceOnly()
    {
        await using var google = await GoogleFixture.StartAsync();
        await google.LoadAsync(GoogleFixture.Sample);
        await google.TransformAsync();
        await using var app = Build("bigquery", "", more: new()
        {
            ["google:bigquery_endpoint"] = $"{google.StandIn.Endpoint}",
            ["data_warehouse:project_id"] = GoogleFixture.Project,
        }, time: google.Time);
        var mart = app.Services.GetRequiredService<IReadOnlyDictionary<Mart, IMartSource>>()[Mart.Warehouse];
        Assert.Equal(3, (await mart.ReadAsync(GoogleFixture.Key("2023-10"), CancellationToken.None)).Count);
        google.StandIn.Calls.Clear();
        google.StandIn.Faults.Plan(new Fault("bigquery.", FaultKind.Status, 503, "backendError"), times: int.MaxValue);

        var failed = await Assert.ThrowsAsync<MartException>(() => mart.ReadAsync(GoogleFixture.Key("2023-10"), CancellationToken.None));

        Assert.Equal(MartFailure.Transient, failed.Failure);
        Assert.Equal(new GoogleOptions().Attempts, google.StandIn.Calls.All.Count);
    }

    private WebApplication Build(
        string setting, string? credentials, string bucket = "some-bucket", Dictionary<string, string?>? more = null, TimeProvider? time = null)
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
        builder.Configuration.AddInMemoryCollection(more ?? []);
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        builder.Services.AddLogging();
        builder.Services.AddSingleton(new StateOptions(_state.Path));
        builder.Services.AddOptions<MartsOptions>().Bind(builder.Configuration.GetSection("marts"));
        builder.AddMarts();
        return builder.Build();
    }
}
