using System.Net;
using System.Text;
using System.Text.Json;

namespace TransactionPipeline.Silo.Tests.Processes;

/// <summary>What README's first command does, by the real process: sample data, sign-in, answers, Ctrl-C, and the same state again.</summary>
public sealed class MainJobTests
{
    private static readonly object[] Laptop = ["Halal Laptop", "2023-10-01", 1999.98m, 999.99m, 1];
    private static readonly object[] Keyboard = ["Halal Keyboard", "2023-10-01", 249.95m, 49.99m, 1];
    private static readonly object[] Mouse = ["Halal Mouse", "2023-10-01", 249.9m, 24.99m, 1];

    [Fact]
    public async Task Run_SampleData_AnswersAsTheSeedDoes()
    {
        await using var web = await ProgramProcess.ServeAsync();

        Assert.Equal([Keyboard, Laptop, Mouse], await RowsAsync(web, "/sales/trends?product_prefix=Halal&sale_month=2023-10-01"));
        Assert.Equal([Laptop], await RowsAsync(web, "/sales/pg-trends?product_prefix=Halal&sale_month=2023-10-01"));
        Assert.Equal(3, (await RowsAsync(web, "/sales/pg-trends?product_prefix=Halal&sale_month=2023-10")).Count);
        Assert.Contains("0092273b", await web.Client.GetStringAsync("/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CtrlC_StopsInOrderAndLosesNothing()
    {
        var state = Directory.CreateTempSubdirectory("pipeline-state-");
        try
        {
            var settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["state_directory"] = state.FullName };
            await using (var web = await ProgramProcess.ServeAsync(settings))
            {
                using var file = new StringContent(
                    "transaction_id,product,price,quantity,date\nT100,Halal Tea,12.50,4,2023-11-05\n", Encoding.UTF8, "text/csv");
                using var uploaded = await web.Client.PostAsync("/upload/transactions", file);
                Assert.Equal(HttpStatusCode.OK, uploaded.StatusCode);

                await web.SignalAsync("INT");

                Assert.Equal(0, await web.WaitForExitAsync("the end after Ctrl-C"));
                Assert.Contains("Application is shutting down", web.Log.Text, StringComparison.Ordinal);
            }

            await using var again = await ProgramProcess.ServeAsync(settings);
            Assert.Equal(
                [["Halal Tea", "2023-11-01", 50m, 12.5m, 1]],
                await RowsAsync(again, "/sales/trends?product_prefix=Halal&sale_month=2023-11", noCache: true));
            Assert.Equal(3, (await RowsAsync(again, "/sales/trends?product_prefix=Halal&sale_month=2023-10")).Count);
        }
        finally
        {
            state.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task CtrlC_InTheMiddleOfAnUpload_StopsInOrderAndKeepsNothingOfIt()
    {
        var state = Directory.CreateTempSubdirectory("pipeline-state-");
        try
        {
            var settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["state_directory"] = state.FullName };
            await using (var web = await ProgramProcess.ServeAsync(settings))
            {
                var upload = new EndlessUpload("transaction_id,product,price,quantity,date\nT100,Halal Tea,12.50,4,2023-11-05\n");
                var sending = web.Client.PostAsync("/upload/transactions", upload);
                await upload.Started.Task.WaitAsync(TimeSpan.FromSeconds(30));

                await web.SignalAsync("INT");

                // The answer is there before the upload has ended; only then does the client end it.
                await web.Log.WaitForAsync("POST /upload/transactions: 503");
                upload.End.TrySetResult();
                using var answer = await sending;
                Assert.Equal(0, await web.WaitForExitAsync("the end after Ctrl-C in an upload"));
                await ProblemAssert.IsAsync(answer, HttpStatusCode.ServiceUnavailable, "Nothing of the upload was kept");
            }

            await using var again = await ProgramProcess.ServeAsync(settings);
            using var run = await again.Client.PostAsync("/pipeline/runs", content: null);
            await again.Log.WaitForAsync("succeeded: 0 batches loaded");
            Assert.Empty(await RowsAsync(again, "/sales/trends?product_prefix=Halal&sale_month=2023-11", noCache: true));
        }
        finally
        {
            state.Delete(recursive: true);
        }
    }

    private static async Task<List<object[]>> RowsAsync(ProgramProcess web, string question, bool noCache = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, question);
        if (noCache) request.Headers.CacheControl = new() { NoCache = true };
        using var answer = await web.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using var rows = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return [.. rows.RootElement.EnumerateArray().Select(row =>
        {
            Assert.Equal(
                ["transaction_id", "product", "sale_month", "total_amount", "avg_price", "transaction_count"],
                row.EnumerateObject().Select(field => field.Name));
            Assert.Matches("^[0-9a-f]{64}$", row.GetProperty("transaction_id").GetString());
            return new object[]
            {
                row.GetProperty("product").GetString()!,
                row.GetProperty("sale_month").GetString()!,
                row.GetProperty("total_amount").GetDecimal(),
                row.GetProperty("avg_price").GetDecimal(),
                row.GetProperty("transaction_count").GetInt32(),
            };
        })];
    }

    /// <summary>A body that begins and then waits.</summary>
    private sealed class EndlessUpload : HttpContent
    {
        private readonly string _beginning;

        public EndlessUpload(string beginning)
        {
            _beginning = beginning;
            Headers.ContentType = new("text/csv");
        }

        public TaskCompletionSource Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource End { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(_beginning));
            await stream.FlushAsync();
            Started.TrySetResult();
            await End.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
