using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Web.Tests.Admin;

public sealed class CacheAdminTests : IAsyncLifetime
{
    private const string Key = "warehouse/2023-10/Halal";
    private readonly SwitchableMart _mart = new();
    private readonly WebAppFixture _app;
    private HttpClient _client = null!;

    public CacheAdminTests() => _app = new WebAppFixture { Services = _mart.Install };

    public async Task InitializeAsync() => _client = await _app.AdminAsync();

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Cache_AskedKey_IsListedRefreshedAndDropped()
    {
        var asked = await _client.GetAsync("/sales/trends?sale_month=2023-10");

        var held = Assert.Single((await _client.GetFromJsonAsync<JsonElement[]>("/admin/cache"))!);
        Assert.Equal((Key, 3), (held.GetProperty("key").GetString(), held.GetProperty("rows").GetInt32()));
        // As the answer's tag names it.
        Assert.Equal(asked.Headers.ETag!.Tag, $"\"{held.GetProperty("version").GetString()}\"");

        var refreshed = await _client.PostAsync($"/admin/cache/refresh?key={Key}", content: null);
        Assert.Equal(HttpStatusCode.OK, refreshed.StatusCode);

        Assert.Equal(HttpStatusCode.NoContent, (await _client.DeleteAsync($"/admin/cache?key={Key}")).StatusCode);
        await ProblemAssert.IsAsync(await _client.DeleteAsync($"/admin/cache?key={Key}"), HttpStatusCode.NotFound, "Nothing is held");
        await _client.GetAsync("/sales/trends?sale_month=2023-10");
        Assert.Equal(2, _mart.Reads);
    }

    [Fact]
    public async Task Cache_RefreshAndDrop_LogWhoDidIt()
    {
        using var other = await _app.ClientAsync(Roles.Operator);
        _mart.Failure = new MartException("the mart is away");
        await other.PostAsync($"/admin/cache/refresh?key={Key}", content: null);
        await other.DeleteAsync($"/admin/cache?key={Key}");

        var messages = _app.Logs.Entries.Select(entry => entry.Message).ToList();
        Assert.Contains($"User operator refreshes {Key} in the cache", messages);
        Assert.Contains($"User operator dropped {Key} from the cache, held before: False", messages);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("warehouse/2023-13/Halal")]
    [InlineData("other/2023-10/Halal")]
    [InlineData("warehouse/2023-10/%25")]
    public async Task Cache_BadKey_Answers422AndSaysHowOneIsWritten(string key) =>
        await ProblemAssert.IsAsync(
            await _client.PostAsync($"/admin/cache/refresh?key={key}", content: null), HttpStatusCode.UnprocessableEntity, "key: must be");

    [Fact]
    public async Task Drop_AnotherSiloDoesNotAnswer_SaysWhatIsDroppedAndWhatToDo()
    {
        await using var app = new WebAppFixture { Services = services => services.AddSingleton<IKeyOwner>(new HalfDeafOwner()) };
        using var client = await app.AdminAsync();

        await ProblemAssert.IsAsync(
            await client.DeleteAsync($"/admin/cache?key={Key}"), HttpStatusCode.ServiceUnavailable, "drop it again when all are ready");
    }

    [Fact]
    public async Task Cache_WithoutTheOperatorRole_Answers403()
    {
        using var viewer = await _app.ClientAsync(Roles.Viewer);

        await ProblemAssert.IsAsync(await viewer.GetAsync("/admin/cache"), HttpStatusCode.Forbidden, "operator");
    }

    private sealed class HalfDeafOwner : IKeyOwner
    {
        public Task<bool> DropAsync(QueryKey key, CancellationToken cancellationToken) => throw new DropIncompleteException(key);

        public ValueTask<CachedAnswer> GetAsync(QueryKey key, CacheDemand demand, CancellationToken cancellationToken) => throw new NotSupportedException();

        public IReadOnlyList<KeyStatus> List() => [];
    }
}
