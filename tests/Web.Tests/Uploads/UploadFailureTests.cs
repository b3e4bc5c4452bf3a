using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Web.Tests.Uploads;

/// <summary>Uploads that come to nothing: whose fault it was is said, and nothing of them is visible.</summary>
public sealed class UploadFailureTests : IAsyncLifetime
{
    private const string Header = "transaction_id,product,price,quantity,date\n";
    private readonly WebAppFixture _app;
    private bool _storeAway;

    public UploadFailureTests() => _app = new()
    {
        Settings = { ["ingestion:sample"] = "", ["ingestion:max_upload_bytes"] = "100000" },
        Services = services =>
        {
            var stores = services.Last(service => service.ServiceType == typeof(ILeaseStore));
            services.AddSingleton<ILeaseStore>(provider => new Leases((ILeaseStore)stores.ImplementationFactory!(provider), () => _storeAway));
        },
    };

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task Upload_TooLarge_Answers413AndKeepsNothing()
    {
        var address = _app.Listen();
        using var client = await ClientAsync(address);

        var answer = await client.PostAsync("/upload/transactions", Csv(Header + new string('\n', 200_000)));

        await ProblemAssert.IsAsync(answer, HttpStatusCode.RequestEntityTooLarge, "at most 100000 bytes");
        AssertNothingIsStaged();
    }

    [Fact]
    public async Task Upload_StoreAway_Answers503InWords()
    {
        using var client = await _app.ClientAsync(Roles.Ingestor);
        _storeAway = true;

        var answer = await client.PostAsync("/upload/transactions", Csv(Header + "T001,Halal Tea,1,1,2023-10-01\n"));

        await ProblemAssert.IsAsync(answer, HttpStatusCode.ServiceUnavailable, "The store is away.");
        Assert.NotNull(answer.Headers.RetryAfter);
    }

    [Fact]
    public async Task Upload_DiskCannotBeWritten_Answers503NotThatTheUploadBrokeOff()
    {
        using var client = await _app.ClientAsync(Roles.Ingestor);
        // Where the batches would be staged.
        await File.WriteAllTextAsync(Path.Combine(_app.StateDirectory, "staging"), "");

        var answer = await client.PostAsync("/upload/transactions", Csv(Header + "T001,Halal Tea,1,1,2023-10-01\n"));

        await ProblemAssert.IsAsync(answer, HttpStatusCode.ServiceUnavailable, "disk failed or is full");
    }

    private async Task<HttpClient> ClientAsync(Uri address)
    {
        var name = await _app.UserAsync(Roles.Ingestor, Roles.Operator);
        var client = new HttpClient { BaseAddress = address };
        var answer = await client.PostAsync("/token", TestForms.Credentials(name, WebAppFixture.Password));
        var token = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("access_token").GetString();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    private string[] Staged()
    {
        var staging = Path.Combine(_app.StateDirectory, "staging");
        return Directory.Exists(staging) ? Directory.GetFiles(staging) : [];
    }

    private void AssertNothingIsStaged() => Assert.Empty(Staged());

    private static StringContent Csv(string file) => new(file, Encoding.UTF8, "text/csv");

    private sealed class Leases(ILeaseStore leases, Func<bool> isAway) : ILeaseStore
    {
        public Task<Lease?> TryAcquireAsync(string name, string holder, TimeSpan duration, CancellationToken cancellationToken) => isAway()
            ? throw new StoreException("The store is away.", MartFailure.Transient)
            : leases.TryAcquireAsync(name, holder, duration, cancellationToken);

        public Task<bool> RenewAsync(Lease lease, TimeSpan duration, CancellationToken cancellationToken) =>
            leases.RenewAsync(lease, duration, cancellationToken);

        public Task ReleaseAsync(Lease lease, CancellationToken cancellationToken) => leases.ReleaseAsync(lease, cancellationToken);
    }
}
