using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TransactionPipeline.Core.Users;
using TransactionPipeline.Web.Hosting;
using TransactionPipeline.Web.SignIn;

namespace TransactionPipeline.Web.Tests.SignIn;

public sealed class StartTests
{
    [Theory]
    [InlineData("security:token_minutes", "0")]
    [InlineData("security:throttle:failures_per_user", "0")]
    [InlineData("security:throttle:failures_per_address", "-1")]
    [InlineData("security:throttle:window_minutes", "0")]
    public void Start_SettingOutOfRange_IsRefusedNamingIt(string setting, string value)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration[setting] = value;
        builder.AddPipelineConfiguration();
        builder.AddSignIn();
        using var app = (IDisposable)builder.Build();

        var refused = Assert.Throws<StartRefusedException>(() => ((WebApplication)app).UseSignIn());

        Assert.Contains(setting.Replace(":", "__", StringComparison.Ordinal), refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cache:max_byte", "cache__max_byte is not a setting", "cache__max_bytes")]
    [InlineData("cache:fresh_for_second:x", "cache__fresh_for_second is not a setting", "cache__fresh_for_seconds")]
    [InlineData("security:throttle:failures", "security__throttle__failures is not a setting", "security__throttle__failures_per_user")]
    [InlineData("marts:guard:warehouse:retry", "marts__guard__warehouse__retry is not a setting", "marts__guard__warehouse__retries")]
    [InlineData("data_warehouse:postgre:host", "data_warehouse__postgre is not a setting", "data_warehouse__dataset")]
    [InlineData("data_warehouse:postgres:usr", "data_warehouse__postgres__usr is not a setting", "data_warehouse__postgres__user")]
    [InlineData("retention:days", "retention__days is not a setting", "retention__snapshot_days")]
    [InlineData("bigquery:timeout", "bigquery__timeout is not a setting", "bigquery__timeout_ms")]
    public void Start_MisspeltSetting_IsRefusedNamingItAndThoseThatThereAre(string setting, string told, string there)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration[setting] = "5";

        var refused = Assert.Throws<StartRefusedException>(builder.AddPipelineConfiguration);

        Assert.StartsWith(told, refused.Message, StringComparison.Ordinal);
        Assert.Contains(there, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_Endpoints_AllSayWhoMayCall()
    {
        await using var app = new WebAppFixture();

        var open = app.Provider.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).Where(endpoint =>
            endpoint.Metadata.GetMetadata<IAuthorizeData>() is null && endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null);

        Assert.Empty(open.Select(endpoint => endpoint.DisplayName));
    }

    [Fact]
    public async Task Start_Again_CookieAndTokenFromBeforeCount()
    {
        await using var before = new WebAppFixture { Settings = { ["security:jwt_secret"] = SecurityOptions.DefaultJwtSecret } };
        using var bearer = await before.AdminAsync();
        using var browser = before.Anonymous();
        var cookie = (await TestForms.LogInAsync(browser, "admin", "password123")).Headers.GetValues("Set-Cookie")
            .Single(value => value.StartsWith("transaction_pipeline=", StringComparison.Ordinal)).Split(';')[0];
        await using var after = new WebAppFixture
        {
            Settings = { ["security:jwt_secret"] = SecurityOptions.DefaultJwtSecret, ["state_directory"] = before.StateDirectory },
        };

        using var withToken = after.Anonymous();
        withToken.DefaultRequestHeaders.Authorization = bearer.DefaultRequestHeaders.Authorization;
        using var withCookie = after.Anonymous();
        withCookie.DefaultRequestHeaders.Add("Cookie", cookie);

        Assert.Equal("admin", await withToken.GetStringAsync("/test/viewer"));
        Assert.Equal("admin", await withCookie.GetStringAsync("/test/viewer"));
    }

    [Fact]
    public async Task Start_DevelopmentWithoutUsers_AddsTheAdminAndWarnsOnce()
    {
        await using var app = new WebAppFixture();

        var admin = Assert.Single(await app.Provider.GetRequiredService<IUserStore>().ListAsync(CancellationToken.None));

        Assert.Equal(("admin", false), (admin.Name, admin.Disabled));
        Assert.Equal(Roles.All, admin.Roles);
        var warning = Assert.Single(app.Logs.Entries, log => log.Level == LogLevel.Warning && log.Category.Contains("SignIn", StringComparison.Ordinal));
        Assert.Contains("admin with the password password123", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ProductionWithoutUsers_AddsNobodyAndSaysHowTo()
    {
        await using var app = new WebAppFixture { Environment = "Production" };

        Assert.Empty(await app.Provider.GetRequiredService<IUserStore>().ListAsync(CancellationToken.None));

        Assert.Contains(app.Logs.Entries, log => log.Message.Contains("users add", StringComparison.Ordinal));
        Assert.DoesNotContain(app.Logs.Entries, log => log.Message.Contains("password123", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_Anywhere_NeverLogsTheSecret()
    {
        await using var app = new WebAppFixture();
        await app.TokenAsync("admin", "password123");

        Assert.DoesNotContain(app.Logs.Entries, log => log.Message.Contains(WebAppFixture.JwtSecret, StringComparison.Ordinal));
    }
}
