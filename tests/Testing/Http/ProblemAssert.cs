using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace TransactionPipeline.Testing;

/// <summary>Checks error answers.</summary>
internal static class ProblemAssert
{
    /// <summary>The answer is a problem of that status whose detail contains the text; gives back the detail.</summary>
    public static async Task<string> IsAsync(HttpResponseMessage answer, HttpStatusCode status, string detailPart)
    {
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((int)status, problem.GetProperty("status").GetInt32());
        var detail = problem.GetProperty("detail").GetString()!;
        Assert.Contains(detailPart, detail, StringComparison.Ordinal);
        return detail;
    }
}
