using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace TransactionPipeline.Silo.Tests.Processes;

/// <summary>The program as it ships, on machines of other languages: text is told by its characters, dates and numbers stay as they are.</summary>
public sealed partial class LanguageTests
{
    private const string Sales =
        "transaction_id,product,price,quantity,date\n"
        + "L1,Halal Café,1234.50,3,2023-11-05\n"
        + "L2,Halal Cafe\u0301,1000.25,1,2023-11-06\n"
        + "L3,Halal istanbul,10.00,2,2023-11-07\n"
        + "L4,Halal Istanbul,11.00,2,2023-11-07\n"
        + "L5,Halal \u0130stanbul,12.00,2,2023-11-07\n";

    private static readonly Lazy<Task<List<string>>> UnderC = new(() => AnswersAsync("C"));

    // An i that is no I; a comma for decimals, another calendar and other digits.
    [Theory]
    [InlineData("tr_TR.UTF-8")]
    [InlineData("fa_IR.UTF-8")]
    public Task Serve_MachineOfAnotherLanguage_AnswersAsUnderC(string language) => AnswersAsUnderCAsync(language);

    [Theory]
    [Trait("Tier", "Long")]
    [InlineData("de_DE.UTF-8")]
    [InlineData("th_TH.UTF-8")]
    [InlineData("ar_SA.UTF-8")]
    public Task Serve_MachineOfManyLanguages_AnswersAsUnderC(string language) => AnswersAsUnderCAsync(language);

    private static async Task AnswersAsUnderCAsync(string language)
    {
        var expected = await UnderC.Value;
        Assert.Contains("\"total_amount\":4703.75", expected[0], StringComparison.Ordinal);

        Assert.Equal(expected, await AnswersAsync(language));
    }

    [Fact]
    public async Task Prefix_InTwoSpellings_IsOneKeyWithOneAnswer()
    {
        await using var silo = await StartAsync("C");

        using var composed = await silo.Client.GetAsync("/sales/trends?sale_month=2023-11&product_prefix=Halal%20Caf%C3%A9");
        using var decomposed = await silo.Client.GetAsync("/sales/trends?sale_month=2023-11&product_prefix=Halal%20Cafe%CC%81");

        // Both spellings of the product are one, too.
        using var rows = JsonDocument.Parse(await composed.Content.ReadAsStringAsync());
        Assert.Equal(2, Assert.Single(rows.RootElement.EnumerateArray()).GetProperty("transaction_count").GetInt32());
        Assert.Equal(await composed.Content.ReadAsStringAsync(), await decomposed.Content.ReadAsStringAsync());
        Assert.NotNull(composed.Headers.ETag);
        Assert.Equal(composed.Headers.ETag, decomposed.Headers.ETag);
        Assert.Contains("hit", decomposed.Headers.GetValues("Cache-Status").Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData]
    [InlineData("users", "list")]
    public async Task Start_IcuTurnedOff_IsRefusedInOneLine(params string[] command)
    {
        var (code, _, error) = await ProgramCommand.RunAsync(ProgramCommand.StartInfo(
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1",
                ["ASPNETCORE_ENVIRONMENT"] = "Development",
            },
            command));

        Assert.Equal(1, code);
        Assert.Contains("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    private static async Task<ProgramProcess> StartAsync(string language)
    {
        var silo = await ProgramProcess.ServeAsync(new Dictionary<string, string>(StringComparer.Ordinal) { ["LANG"] = language, ["LC_ALL"] = language });
        using var file = new StringContent(Sales, Encoding.UTF8, "text/csv");
        using var uploaded = await silo.Client.PostAsync("/upload/transactions", file);
        Assert.Equal(HttpStatusCode.OK, uploaded.StatusCode);
        return silo;
    }

    private static async Task<List<string>> AnswersAsync(string language)
    {
        await using var silo = await StartAsync(language);
        var answers = new List<string>();
        foreach (var (address, type) in new[]
        {
            ("/sales/trends?sale_month=2023-11", "application/json"),
            ("/sales/trends?sale_month=2023-11", "text/csv"),
            ("/sales/pg-trends?sale_month=2023-11-05", "application/x-ndjson"),
            ("/sales/trends?sale_month=2023-11&product_prefix=Halal%20i", "application/json"),
            ("/sales/monthly?from=2023-10&to=2023-11", "application/json"),
            ("/?month=2023-11", "text/html"),
        })
        {
            using var question = new HttpRequestMessage(HttpMethod.Get, address) { Headers = { { "Accept", type } } };
            using var answer = await silo.Client.SendAsync(question);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            answers.Add(WithoutWhatChanges(await answer.Content.ReadAsStringAsync()));
        }
        return answers;
    }

    // Tokens against forgery and times are others at each start; of times everything but the ASCII digits is compared.
    private static string WithoutWhatChanges(string page) => string.Join(
        '\n', page.Split('\n').Where(line => !line.Contains("RequestVerificationToken", StringComparison.Ordinal))
            .Select(line => line.Contains("<time", StringComparison.Ordinal) || line.Contains("hecked", StringComparison.Ordinal)
                ? Digits().Replace(line, "0") : line));

    [GeneratedRegex("[0-9]+", RegexOptions.None, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Digits();
}
