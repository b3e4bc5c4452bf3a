using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace TransactionPipeline.Silo.Tests.Processes;

/// <summary>Uploads to the real server over real sockets.</summary>
public sealed class UploadSocketTests : IAsyncLifetime
{
    private const string Header = "transaction_id,product,price,quantity,date\n";
    private ProgramProcess _web = null!;

    public async Task InitializeAsync() => _web = await ProgramProcess.ServeAsync();

    public async Task DisposeAsync() => await _web.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Upload_ConnectionEndsHalfWay_NothingOfItIsVisible(bool reset)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, _web.Client.BaseAddress!.Port);
        await socket.SendAsync(Encoding.UTF8.GetBytes(
            $"POST /upload/transactions HTTP/1.1\r\nHost: localhost\r\nAuthorization: {_web.Client.DefaultRequestHeaders.Authorization}\r\n"
            + "Content-Type: text/csv\r\nContent-Length: 100000\r\nExpect: 100-continue\r\n\r\n"));
        // The server has begun to read: a reset before that would take the request away unseen.
        var continued = new byte[4096];
        Assert.StartsWith(
            "HTTP/1.1 100 ", Encoding.UTF8.GetString(continued, 0, await socket.ReceiveAsync(continued)), StringComparison.Ordinal);
        await socket.SendAsync(Encoding.UTF8.GetBytes($"{Header}T900,Halal Tea,12.50,4,2023-12-05\n"));
        if (reset)
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
            socket.Dispose();
        }
        else
        {
            // What the server then answers, or that it hangs up, is its own affair.
            socket.Shutdown(SocketShutdown.Send);
        }

        await _web.Log.WaitForAsync("POST /upload/transactions: ");
        await RunAsync("succeeded: 0 batches loaded");
        Assert.Equal("[]", await _web.Client.GetStringAsync("/sales/trends?sale_month=2023-12"));
    }

    [Fact]
    public async Task Upload_TwoAtOnceWhileThePipelineRuns_LosesNothing()
    {
        var files = Enumerable.Range(1, 2).Select(file => Header + string.Concat(Enumerable.Range(0, 20_000)
            .Select(row => $"F{file}-{row},Halal Tea,10,1,2024-0{file}-{(row % 28) + 1:00}\n"))).ToList();

        var uploads = files.Select(async file =>
        {
            using var content = new StringContent(file, Encoding.UTF8, "text/csv");
            using var answer = await _web.Client.PostAsync("/upload/transactions", content);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        });
        var runs = Enumerable.Range(0, 5).Select(async _ =>
        {
            using var answer = await _web.Client.PostAsync("/pipeline/runs", content: null);
            Assert.Contains(answer.StatusCode, new[] { HttpStatusCode.Accepted, HttpStatusCode.Conflict });
        });
        await Task.WhenAll([.. uploads, .. runs]);

        for (var file = 1; file <= 2; file++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/sales/trends?sale_month=2024-0{file}");
            request.Headers.CacheControl = new() { NoCache = true };
            using var answer = await _web.Client.SendAsync(request);
            using var rows = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
            Assert.Equal(20_000, rows.RootElement[0].GetProperty("transaction_count").GetInt32());
            Assert.Equal(200_000m, rows.RootElement[0].GetProperty("total_amount").GetDecimal());
        }
    }

    private async Task RunAsync(string ends)
    {
        using var run = await _web.Client.PostAsync("/pipeline/runs", content: null);
        Assert.Equal(HttpStatusCode.Accepted, run.StatusCode);
        await _web.Log.WaitForAsync(ends);
    }
}
