using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;
using TransactionPipeline.Core.Users;
using TransactionPipeline.Web.SignIn;

namespace TransactionPipeline.Web.Tests.SignIn;

public sealed class BearerTests(WebAppFixture app) : IClassFixture<WebAppFixture>
{
    private const string Viewer = "/test/viewer";
    private const string NotValid = "The token is not valid";

    [Fact]
    public async Task Bearer_GoodToken_LetsIn()
    {
        using var client = await app.AdminAsync();

        Assert.Equal("admin", await client.GetStringAsync(Viewer));
        Assert.Equal("admin", await client.GetStringAsync(Viewer));
    }

    [Fact]
    public async Task Bearer_NoToken_Answers401Problem()
    {
        using var client = app.Anonymous();

        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Post })
        {
            using var request = new HttpRequestMessage(method, Viewer);
            var answer = await client.SendAsync(request);

            await ProblemAssert.IsAsync(answer, HttpStatusCode.Unauthorized, "POST /token");
            Assert.StartsWith("Bearer", answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Basic YWRtaW46cGFzc3dvcmQxMjM=", "POST /token")]
    [InlineData("Bearer", "POST /token")]
    [InlineData("Bearer x", NotValid)]
    [InlineData("Bearer a.b.c", NotValid)]
    [InlineData("Bearer a.b.c.d.e", NotValid)]
    public async Task Bearer_NotAToken_Answers401(string authorization, string detail) =>
        await AssertRefusedAsync(authorization, detail);

    [Fact]
    public async Task Bearer_AlgorithmNone_Answers401()
    {
        var payload = await PayloadAsync();
        foreach (var algorithm in new[] { "none", "None", "NONE" })
        {
            var unsigned = $"{Encode($$"""{"alg":"{{algorithm}}","typ":"JWT"}""")}.{Encode(payload.ToJsonString())}.";
            await AssertRefusedAsync($"Bearer {unsigned}", NotValid);
            await AssertRefusedAsync($"Bearer {unsigned}{Encode("x")}", NotValid);
        }
    }

    [Theory]
    [InlineData("HS384")]
    [InlineData("HS512")]
    [InlineData("RS256")]
    public async Task Bearer_OtherAlgorithmWithOurKey_Answers401(string algorithm)
    {
        var payload = await PayloadAsync();
        await AssertRefusedAsync($"Bearer {Sign(payload, WebAppFixture.JwtSecret, algorithm)}", NotValid);
    }

    [Fact]
    public async Task Bearer_WrongKey_Answers401()
    {
        var payload = await PayloadAsync();
        await AssertRefusedAsync($"Bearer {Sign(payload, "another secret, but just as long as ours is")}", NotValid);
        await AssertRefusedAsync($"Bearer {Sign(payload, SecurityOptions.DefaultJwtSecret)}", NotValid);
    }

    [Fact]
    public async Task Bearer_ForgedPayload_Answers401EvenAfterTheGoodOneWasSeen()
    {
        var good = await app.TokenAsync("admin", "password123");
        using var client = app.Anonymous();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", good);
        await client.GetStringAsync(Viewer);
        var parts = good.Split('.');
        var payload = JsonNode.Parse(Base64UrlEncoder.Decode(parts[1]))!;
        payload["exp"] = payload["exp"]!.GetValue<long>() + 3600;

        await AssertRefusedAsync($"Bearer {parts[0]}.{Encode(payload.ToJsonString())}.{parts[2]}", NotValid);
        await AssertRefusedAsync($"Bearer {parts[0]}.{parts[1]}.{Encode("no signature at all, 32 bytes....")}", NotValid);
        await AssertRefusedAsync($"Bearer {parts[0]}.{parts[1]}.", NotValid);
    }

    [Fact]
    public async Task Bearer_SignedByHandWithAllClaims_LetsIn()
    {
        // The counter-proof of every refusal here: only what each case changes is why it is refused.
        using var client = app.Anonymous();
        client.DefaultRequestHeaders.Authorization = new("Bearer", Sign(await PayloadAsync(), WebAppFixture.JwtSecret));

        Assert.Equal("admin", await client.GetStringAsync(Viewer));
    }

    [Theory]
    [InlineData("exp")]
    [InlineData("sub")]
    [InlineData("stamp")]
    public async Task Bearer_ClaimMissing_Answers401(string claim)
    {
        var payload = await PayloadAsync();
        payload.Remove(claim);
        await AssertRefusedAsync($"Bearer {Sign(payload, WebAppFixture.JwtSecret)}", "The token");
    }

    [Theory]
    [InlineData("exp", "\"soon\"")]
    [InlineData("exp", "-1")]
    [InlineData("exp", "1e400")]
    [InlineData("nbf", "9999999999")]
    [InlineData("sub", "\"stranger\"")]
    [InlineData("stamp", "\"0000000000000000\"")]
    public async Task Bearer_ClaimWrong_Answers401(string claim, string value)
    {
        var payload = await PayloadAsync();
        payload[claim] = "?";
        var json = payload.ToJsonString().Replace($"\"{claim}\":\"?\"", $"\"{claim}\":{value}", StringComparison.Ordinal);
        await AssertRefusedAsync($"Bearer {Sign(json, WebAppFixture.JwtSecret)}", "The token");
    }

    [Fact]
    public async Task Bearer_Expired_Answers401SayingSo()
    {
        await using var own = new WebAppFixture();
        using var client = await own.AdminAsync();
        await client.GetStringAsync(Viewer);

        own.Time.Advance(TimeSpan.FromMinutes(30) + BearerSetup.ClockSkew - TimeSpan.FromSeconds(1));
        Assert.Equal("admin", await client.GetStringAsync(Viewer));

        own.Time.Advance(TimeSpan.FromSeconds(1));
        var answer = await client.GetAsync(Viewer);
        await ProblemAssert.IsAsync(answer, HttpStatusCode.Unauthorized, "expired");
        Assert.Contains("invalid_token", answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("disable")]
    [InlineData("password")]
    [InlineData("roles")]
    public async Task Bearer_UserChanged_TokenCountsNoMoreAfterTheMemory(string change)
    {
        await using var own = new WebAppFixture();
        using var client = await own.ClientAsync(Roles.Viewer);
        await client.GetStringAsync(Viewer);
        var users = own.Provider.GetRequiredService<UserAdministration>();

        Assert.True(await (change switch
        {
            "disable" => users.SetDisabledAsync(Roles.Viewer, disabled: true, CancellationToken.None),
            "password" => users.SetPasswordAsync(Roles.Viewer, "another password", CancellationToken.None),
            _ => users.SetRolesAsync(Roles.Viewer, Roles.All, CancellationToken.None),
        }));
        own.Time.Advance(UserSessions.Memory);

        await ProblemAssert.IsAsync(await client.GetAsync(Viewer), HttpStatusCode.Unauthorized, "its user has changed");
    }

    [Fact]
    public async Task Bearer_MissingRole_Answers403NamingTheRole()
    {
        using var client = await app.ClientAsync(Roles.Viewer);

        Assert.Equal(Roles.Viewer, await client.GetStringAsync(Viewer));
        await ProblemAssert.IsAsync(await client.GetAsync("/test/ingestor"), HttpStatusCode.Forbidden, "the role ingestor");
        await ProblemAssert.IsAsync(await client.PostAsync("/test/operator", null), HttpStatusCode.Forbidden, "the role operator");
    }

    private async Task<JsonObject> PayloadAsync() =>
        JsonNode.Parse(Base64UrlEncoder.Decode((await app.TokenAsync("admin", "password123")).Split('.')[1]))!.AsObject();

    private async Task AssertRefusedAsync(string authorization, string detail)
    {
        using var client = app.Anonymous();
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", authorization);
        var answer = await client.GetAsync(Viewer);
        await ProblemAssert.IsAsync(answer, HttpStatusCode.Unauthorized, detail);
        Assert.StartsWith("Bearer", answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    private static string Sign(JsonObject payload, string secret, string algorithm = "HS256") =>
        Sign(payload.ToJsonString(), secret, algorithm);

    private static string Sign(string payload, string secret, string algorithm = "HS256")
    {
        var text = $"{Encode($$"""{"alg":"{{algorithm}}","typ":"JWT"}""")}.{Encode(payload)}";
        var key = Encoding.UTF8.GetBytes(secret);
        var signature = algorithm switch
        {
            "HS384" => HMACSHA384.HashData(key, Encoding.ASCII.GetBytes(text)),
            "HS512" => HMACSHA512.HashData(key, Encoding.ASCII.GetBytes(text)),
            _ => HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(text)),
        };
        return $"{text}.{Base64UrlEncoder.Encode(signature)}";
    }

    private static string Encode(string text) => Base64UrlEncoder.Encode(text);
}
