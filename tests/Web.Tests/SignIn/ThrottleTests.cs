using System.Net;

namespace TransactionPipeline.Web.Tests.SignIn;

public sealed class ThrottleTests
{
    private static WebAppFixture App() => new()
    {
        Settings = { ["security:throttle:failures_per_user"] = "3", ["security:throttle:failures_per_address"] = "5" },
    };

    [Fact]
    public async Task Token_TooManyFailuresOfAUser_Answers429UntilTheWindowHasPassed()
    {
        await using var app = App();
        using var client = app.Anonymous();
        for (var i = 0; i < 3; i++) await TryAsync(client, "admin", "wrong", HttpStatusCode.Unauthorized);

        var answer = await TryAsync(client, "admin", "password123", HttpStatusCode.TooManyRequests, address: "10.0.0.9");
        await ProblemAssert.IsAsync(answer, HttpStatusCode.TooManyRequests, "300 seconds");
        Assert.Equal(TimeSpan.FromMinutes(5), answer.Headers.RetryAfter?.Delta);

        app.Time.Advance(TimeSpan.FromMinutes(5));
        await TryAsync(client, "admin", "password123", HttpStatusCode.OK);
    }

    [Fact]
    public async Task Token_TooManyFailuresFromAnAddress_RefusesThatAddressAlone()
    {
        await using var app = App();
        using var client = app.Anonymous();
        for (var i = 0; i < 5; i++) await TryAsync(client, $"user{i}", "wrong", HttpStatusCode.Unauthorized, "2001:db8:1:2::1");

        await TryAsync(client, "admin", "password123", HttpStatusCode.TooManyRequests, "2001:db8:1:2:ffff::7");
        await TryAsync(client, "admin", "password123", HttpStatusCode.OK, "2001:db8:1:3::1");
    }

    [Fact]
    public async Task Token_Successes_DoNotCount()
    {
        await using var app = App();
        using var client = app.Anonymous();

        for (var i = 0; i < 8; i++) await TryAsync(client, "admin", "password123", HttpStatusCode.OK);
        await TryAsync(client, "admin", "wrong", HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Token_ManyAttemptsAtOnce_GetNoFurtherThanOneAfterTheOther()
    {
        await using var app = App();
        using var client = app.Anonymous();

        var answers = await Task.WhenAll(Enumerable.Range(0, 12)
            .Select(_ => client.PostAsync("/token", TestForms.Credentials("admin", "wrong"))));

        Assert.Equal(3, answers.Count(answer => answer.StatusCode == HttpStatusCode.Unauthorized));
        Assert.Equal(9, answers.Count(answer => answer.StatusCode == HttpStatusCode.TooManyRequests));
    }

    [Fact]
    public async Task Login_SharesItsCountWithToken()
    {
        await using var app = App();
        using var client = app.Anonymous();
        for (var i = 0; i < 3; i++) await TryAsync(client, "admin", "wrong", HttpStatusCode.Unauthorized);

        var answer = await TestForms.LogInAsync(client, "admin", "password123");

        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
        Assert.Contains("try again in 300 seconds", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static async Task<HttpResponseMessage> TryAsync(
        HttpClient client, string name, string password, HttpStatusCode expected, string address = "127.0.0.1")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/token") { Content = TestForms.Credentials(name, password) };
        request.Headers.Add(WebAppFixture.AddressHeader, address);
        var answer = await client.SendAsync(request);
        Assert.Equal(expected, answer.StatusCode);
        return answer;
    }
}
