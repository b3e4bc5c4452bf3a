using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Web.Tests.Uploads;

public sealed class UploadTests : IAsyncLifetime
{
    private const string Header = "transaction_id,product,price,quantity,date\n";
    private readonly WebAppFixture _app = new() { Settings = { ["ingestion:sample"] = "" } };

    public Task InitializeAsync() => _app.InitializeAsync();

    public Task DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task Upload_Form_LoadsAndTellsWhatBecameOfIt()
    {
        using var client = await _app.ClientAsync(Roles.Ingestor, Roles.Operator);
        var answer = await client.PostAsync("/upload/transactions", Form(
            Header + "T001,Halal Laptop,999.99,2,2023-10-01\nT002,Halal Mouse,x,10,2023-10-02\nT001,Halal Laptop,999.99,2,2023-10-01\n"));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var told = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("success", told.GetProperty("status").GetString());
        Assert.Equal(2, told.GetProperty("processed").GetInt32());
        Assert.Equal(1, told.GetProperty("rejected").GetInt32());
        Assert.Equal(1, told.GetProperty("rejected_by_reason").GetProperty("not_of_type").GetInt32());
        Assert.Equal(1, told.GetProperty("duplicates").GetInt32());
        Assert.Equal(1, told.GetProperty("inserted").GetInt32());
        Assert.Equal(0, told.GetProperty("replaced").GetInt32());
        Assert.Equal(0, told.GetProperty("unchanged").GetInt32());
        Assert.Equal("succeeded", told.GetProperty("run").GetProperty("status").GetString());

        var run = await client.GetFromJsonAsync<JsonElement>($"/pipeline/runs/{told.GetProperty("run").GetProperty("id").GetString()}");
        Assert.Equal("upload", run.GetProperty("trigger").GetString());
        Assert.Equal(1, run.GetProperty("months_changed").GetInt32());
        Assert.Contains(_app.Logs.Entries, log => log.Message.StartsWith(
            $"User ingestor-operator called POST /upload/transactions: 200 (batch={told.GetProperty("batch_id").GetString()}, accepted=2, rejected=1, run=",
            StringComparison.Ordinal));
    }

    [Fact]
    public async Task Upload_CsvBody_IsTakenToo()
    {
        using var client = await _app.ClientAsync(Roles.Ingestor);
        var answer = await client.PostAsync("/upload/transactions", Csv(Header + "T001,Halal Laptop,999.99,2,2023-10-01\n"));
        Assert.Equal(1, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("inserted").GetInt32());
    }

    [Fact]
    public async Task Upload_NoGoodLine_AnswersStatusErrorAsTheSeed()
    {
        using var client = await _app.ClientAsync(Roles.Ingestor);
        var answer = await client.PostAsync("/upload/transactions", Csv(Header + "T001,Halal Laptop,x,2,2023-10-01\n"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var told = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("error", told.GetProperty("status").GetString());
        Assert.Equal(JsonValueKind.Null, told.GetProperty("run").ValueKind);
    }

    [Theory]
    [InlineData("", "The file is empty.")]
    [InlineData("id,product\n", "Missing: transaction_id, price, quantity, date. Unknown: id.")]
    public async Task Upload_WrongFile_Answers422InWords(string file, string says)
    {
        using var client = await _app.ClientAsync(Roles.Ingestor);
        await ProblemAssert.IsAsync(await client.PostAsync("/upload/transactions", Form(file)), HttpStatusCode.UnprocessableEntity, says);
    }

    [Fact]
    public async Task Upload_FormWithoutFile_Answers422()
    {
        using var client = await _app.ClientAsync(Roles.Ingestor);
        using var form = new MultipartFormDataContent { { new StringContent("x"), "other" } };
        await ProblemAssert.IsAsync(await client.PostAsync("/upload/transactions", form), HttpStatusCode.UnprocessableEntity, "'file'");
    }

    [Fact]
    public async Task Upload_OtherContentType_Answers415()
    {
        using var client = await _app.ClientAsync(Roles.Ingestor);
        await ProblemAssert.IsAsync(
            await client.PostAsJsonAsync("/upload/transactions", 1), HttpStatusCode.UnsupportedMediaType, "text/csv");
    }

    [Fact]
    public async Task Upload_FormCutOff_Answers400AndKeepsNothing()
    {
        using var client = await _app.ClientAsync(Roles.Ingestor, Roles.Operator);
        var whole = await Form(Header + "T001,Halal Laptop,999.99,2,2023-10-01\nT002,Halal Mouse,1,1,2023-10-01\n").ReadAsByteArrayAsync();
        using var cut = new ByteArrayContent(whole[..^80]);
        cut.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=b");
        await ProblemAssert.IsAsync(await client.PostAsync("/upload/transactions", cut), HttpStatusCode.BadRequest, "broke off");
        Assert.Empty((await client.GetFromJsonAsync<JsonElement>("/pipeline/runs")).EnumerateArray());
        Assert.Empty(Directory.GetFiles(Path.Combine(_app.StateDirectory, "staging")));
    }

    [Fact]
    public async Task Upload_WrongRole_IsRefused()
    {
        using var anonymous = _app.Anonymous();
        Assert.Equal(HttpStatusCode.Unauthorized, (await anonymous.PostAsync("/upload/transactions", Csv(Header))).StatusCode);
        using var viewer = await _app.ClientAsync(Roles.Viewer);
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.PostAsync("/upload/transactions", Csv(Header))).StatusCode);
    }

    private static MultipartFormDataContent Form(string file) => new("b") { { Csv(file), "file", "transactions.csv" } };

    private static StringContent Csv(string file) => new(file, Encoding.UTF8, "text/csv");
}
