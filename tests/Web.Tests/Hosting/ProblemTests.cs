using System.Net;

namespace TransactionPipeline.Web.Tests.Hosting;

public sealed class ProblemTests(WebAppFixture app) : IClassFixture<WebAppFixture>
{
    [Theory]
    [InlineData("application/json")]
    [InlineData("text/csv")]
    [InlineData("text/html")]
    public async Task Error_WhateverIsAccepted_IsAProblem(string accept)
    {
        using var client = app.Anonymous();
        client.DefaultRequestHeaders.Accept.ParseAdd(accept);

        await ProblemAssert.IsAsync(await client.GetAsync("/no/such/thing"), HttpStatusCode.NotFound, "nothing at this address");
    }

    [Fact]
    public async Task Exception_Unhandled_Answers500AndTellsNothing()
    {
        using var client = app.Anonymous();

        var answer = await client.GetAsync("/test/throw");

        await ProblemAssert.IsAsync(answer, HttpStatusCode.InternalServerError, "logged under this traceId");
        var body = await answer.Content.ReadAsStringAsync();
        Assert.DoesNotContain("db.internal", body, StringComparison.Ordinal);
        Assert.DoesNotContain("SELECT", body, StringComparison.Ordinal);
        Assert.DoesNotContain(" at ", body, StringComparison.Ordinal);
        Assert.Contains(app.Logs.Entries, log => log.Exception?.Message == TestEndpoints.Secret);
    }

    [Fact]
    public async Task Exception_OfTheServerAboutTheRequest_KeepsItsStatus()
    {
        using var client = app.Anonymous();

        var answer = await client.GetAsync("/test/bad");

        await ProblemAssert.IsAsync(answer, HttpStatusCode.RequestEntityTooLarge, "too large");
        Assert.DoesNotContain("db.internal", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Error_WrongMethod_NamesTheRightOne()
    {
        using var client = app.Anonymous();

        await ProblemAssert.IsAsync(await client.GetAsync("/token"), HttpStatusCode.MethodNotAllowed, "POST");
    }
}
