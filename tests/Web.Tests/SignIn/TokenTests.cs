using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Web.Tests.SignIn;

public sealed class TokenTests(WebAppFixture app) : IClassFixture<WebAppFixture>
{
    [Fact]
    public async Task Token_GoodCredentials_AnswersExactlyThreeFieldsAndLogs()
    {
        using var client = app.Anonymous();

        var answer = await client.PostAsync("/token", TestForms.Credentials("admin", "password123"));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.True(answer.Headers.CacheControl?.NoStore);
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(["access_token", "token_type", "expires_in"], body.EnumerateObject().Select(field => field.Name));
        Assert.Equal("bearer", body.GetProperty("token_type").GetString());
        Assert.Equal(1800, body.GetProperty("expires_in").GetInt32());
        Assert.Contains(app.Logs.Entries, log => log.Message == "User admin logged in");
    }

    [Fact]
    public async Task Token_Issued_CarriesUserRolesTimesAndStampOnly()
    {
        var token = new JsonWebToken(await app.TokenAsync("admin", "password123"));

        Assert.Equal("HS256", token.Alg);
        Assert.Equal(["exp", "iat", "jti", "roles", "stamp", "sub"], token.Claims.Select(claim => claim.Type).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal("admin", token.Subject);
        Assert.Equal(Roles.All, token.Claims.Where(claim => claim.Type == "roles").Select(claim => claim.Value));
        Assert.Equal(TimeSpan.FromMinutes(30), token.ValidTo - token.IssuedAt);
    }

    [Fact]
    public async Task Token_WrongPasswordOrUnknownUser_SameAnswer()
    {
        using var client = app.Anonymous();

        var wrong = await client.PostAsync("/token", TestForms.Credentials("admin", "not it"));
        var unknown = await client.PostAsync("/token", TestForms.Credentials("stranger", "not it"));
        var notAName = await client.PostAsync("/token", TestForms.Credentials("a\r\nforged line", "not it"));

        foreach (var answer in new[] { wrong, unknown, notAName })
        {
            Assert.Equal("Incorrect credentials", await ProblemAssert.IsAsync(answer, HttpStatusCode.Unauthorized, "Incorrect"));
            Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.ToString());
        }
        Assert.DoesNotContain(app.Logs.Entries, log => log.Message.Contains("forged", StringComparison.Ordinal) ||
            log.Message.Contains("not it", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(null, null, "username and password")]
    [InlineData("", "x", "username")]
    [InlineData("   ", "x", "username")]
    [InlineData("admin", null, "password")]
    [InlineData("admin", "", "password")]
    public async Task Token_MissingField_Answers422NamingIt(string? name, string? password, string named)
    {
        using var client = app.Anonymous();
        var fields = new List<(string, string?)>();
        if (name is not null) fields.Add(("username", name));
        if (password is not null) fields.Add(("password", password));

        var answer = await client.PostAsync("/token", TestForms.Of([.. fields]));

        await ProblemAssert.IsAsync(answer, HttpStatusCode.UnprocessableEntity, named);
    }

    [Fact]
    public async Task Token_OtherGrantType_Answers422()
    {
        using var client = app.Anonymous();

        var answer = await client.PostAsync("/token",
            TestForms.Of(("username", "admin"), ("password", "password123"), ("grant_type", "client_credentials")));

        await ProblemAssert.IsAsync(answer, HttpStatusCode.UnprocessableEntity, "grant_type");
    }

    [Fact]
    public async Task Token_JsonBody_Answers415()
    {
        using var client = app.Anonymous();

        var answer = await client.PostAsJsonAsync("/token", new { username = "admin", password = "password123" });

        await ProblemAssert.IsAsync(answer, HttpStatusCode.UnsupportedMediaType, "Content-Type");
    }

    [Theory]
    [InlineData("multipart/form-data", "x")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nadm")]
    public async Task Token_BrokenForm_Answers422(string contentType, string body)
    {
        using var client = app.Anonymous();
        using var content = new StringContent(body);
        content.Headers.Remove("Content-Type");
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);

        var answer = await client.PostAsync("/token", content);

        await ProblemAssert.IsAsync(answer, HttpStatusCode.UnprocessableEntity, "The form cannot be read");
    }

    [Fact]
    public async Task Token_MultipartForm_IsTakenToo()
    {
        using var client = app.Anonymous();
        using var form = new MultipartFormDataContent { { new StringContent("admin"), "username" }, { new StringContent("password123"), "password" } };

        var answer = await client.PostAsync("/token", form);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Token_DisabledUser_IncorrectCredentials()
    {
        var name = await app.UserAsync(Roles.Ingestor);
        await app.Provider.GetRequiredService<Web.SignIn.UserAdministration>().SetDisabledAsync(name, disabled: true, CancellationToken.None);
        using var client = app.Anonymous();

        var answer = await client.PostAsync("/token", TestForms.Credentials(name, WebAppFixture.Password));

        await ProblemAssert.IsAsync(answer, HttpStatusCode.Unauthorized, "Incorrect credentials");
    }
}
