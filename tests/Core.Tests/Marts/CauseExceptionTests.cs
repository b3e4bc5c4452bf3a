using System.Net.Sockets;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Tests.Marts;

public sealed class CauseExceptionTests
{
    [Fact]
    public void Log_OfAMartsFailure_HoldsKindsCodesAndStackButNoLibrarysWords()
    {
        MartException failed;
        try
        {
            throw new HttpRequestException(
                HttpRequestError.ConnectionError, "Connection refused (db.example.invalid:443)", new SocketException((int)SocketError.ConnectionRefused, "db.example.invalid"));
        }
        catch (HttpRequestException error)
        {
            failed = new MartException("The mart is away.", MartFailure.Transient, error);
        }

        var logged = $"{failed}";
        foreach (var said in (string[])["The mart is away.", "HttpRequestException ConnectionError", "SocketException ConnectionRefused", nameof(Log_OfAMartsFailure_HoldsKindsCodesAndStackButNoLibrarysWords)])
            Assert.Contains(said, logged, StringComparison.Ordinal);
        Assert.DoesNotContain("example", logged, StringComparison.Ordinal);
    }

    [Fact]
    public void Cause_OfThisProgram_StaysAsItIs()
    {
        var own = new MartException("A reason in our own words.");

        Assert.Same(own, new MartException("Outer.", cause: own).InnerException);
        Assert.Null(CauseException.Of(null));
    }
}
