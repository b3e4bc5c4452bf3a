using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc.Testing.Handlers;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using TransactionPipeline.Web.Hosting;
using TransactionPipeline.Web.SignIn;

namespace TransactionPipeline.Web.Tests;

/// <summary>
/// The front end in memory, without a silo around it: its own state directory, Development, a clock that stands still until
/// <see cref="Time"/> is moved, and its logs. Use it as a class fixture, or <c>await using var app = new WebAppFixture { Settings = { ... } }</c> for an app of one's own; it
/// starts when first used.
/// </summary>
public sealed class WebAppFixture : IAsyncLifetime
{
    public const string JwtSecret = "a secret of the tests, 32 bytes at least";
    public const string Password = "a good password";

    /// <summary>The address a request comes from, in place of 127.0.0.1.</summary>
    public const string AddressHeader = "X-Test-Address";

    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("transaction-pipeline-");
    private readonly Lazy<WebApplication> _app;
    private bool _listens;

    public WebAppFixture() => _app = new(Start);

    /// <summary>Settings over those of pipeline_config.yaml, as <c>section:name</c>.</summary>
    public Dictionary<string, string?> Settings { get; } = new(StringComparer.Ordinal)
    {
        ["security:jwt_secret"] = JwtSecret,
        // It has its own test; here it would ask the tests' marts before the tests do.
        ["cache:warm_up"] = "false",
    };

    /// <summary>Replaces services of the app.</summary>
    public Action<IServiceCollection>? Services { get; init; }

    public string Environment { get; init; } = "Development";

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2023, 11, 15, 12, 0, 0, TimeSpan.Zero));

    public CapturedLogs Logs { get; } = new();

    public string StateDirectory => _state.FullName;

    public IServiceProvider Provider => _app.Value.Services;

    /// <summary>A client that is not signed in; it keeps cookies but does not follow redirects.</summary>
    public HttpClient Anonymous() => _listens
        ? new(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(_app.Value.Urls.First()) }
        : new(new CookieContainerHandler { InnerHandler = _app.Value.GetTestServer().CreateHandler() }) { BaseAddress = new Uri("http://localhost") };

    /// <summary>A client with a token of the admin that Development makes: every role.</summary>
    public Task<HttpClient> AdminAsync() => SignedInAsync("admin", "password123");

    /// <summary>A client with a token of a user who has just these roles.</summary>
    public async Task<HttpClient> ClientAsync(params string[] roles) => await SignedInAsync(await UserAsync(roles), Password);

    /// <summary>The name of a user who has just these roles and <see cref="Password"/>; made when missing.</summary>
    public async Task<string> UserAsync(params string[] roles)
    {
        var name = roles.Length == 0 ? "nobody" : string.Join('-', roles);
        await Provider.GetRequiredService<UserAdministration>().AddAsync(name, Password, roles, CancellationToken.None);
        return name;
    }

    public async Task<string> TokenAsync(string name, string password)
    {
        using var client = Anonymous();
        var answer = await client.PostAsync("/token", TestForms.Credentials(name, password));
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("access_token").GetString()!;
    }

    /// <summary>A client with a cookie, as the browser has one after the form.</summary>
    public async Task<HttpClient> BrowserAsync(string name, string password)
    {
        var client = Anonymous();
        client.DefaultRequestHeaders.Accept.ParseAdd("text/html,application/xhtml+xml,*/*;q=0.8");
        var answer = await TestForms.LogInAsync(client, name, password);
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        return client;
    }

    /// <summary>Lets the app listen on a free loopback port, for a real browser; call it before anything else uses the app.</summary>
    public Uri Listen()
    {
        Settings["urls"] = "http://127.0.0.1:0";
        _listens = true;
        return new Uri(_app.Value.Urls.First());
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_app.IsValueCreated) await _app.Value.DisposeAsync();
        // Two apps may share one directory.
        if (Directory.Exists(StateDirectory)) _state.Delete(recursive: true);
    }

    private async Task<HttpClient> SignedInAsync(string name, string password)
    {
        var client = Anonymous();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await TokenAsync(name, password));
        return client;
    }

    private WebApplication Start()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = Environment });
        Settings.TryAdd("state_directory", StateDirectory);
        builder.Configuration.AddInMemoryCollection(Settings);
        builder.AddWebFront();
        builder.Logging.ClearProviders().AddProvider(Logs);
        builder.Services.AddSingleton<TimeProvider>(Time);
        builder.Services.AddSingleton<IStartupFilter, TestEndpoints>();
        // The tests sign in often; how strong the hash is has its own test.
        builder.Services.Configure<PasswordHasherOptions>(options => options.IterationCount = 1);
        Services?.Invoke(builder.Services);
        if (!_listens) builder.WebHost.UseTestServer();
        var app = builder.Build().UseWebFront();
        app.Start();
        return app;
    }
}
