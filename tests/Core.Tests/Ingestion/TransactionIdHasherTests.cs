using TransactionPipeline.Core.Ingestion;

namespace TransactionPipeline.Core.Tests.Ingestion;

public sealed class TransactionIdHasherTests
{
    [Fact]
    public void Hash_NoKey_IsTheSha256OfTheSeed() => Assert.Equal(
        "e78d6e358171a045d54a628e52c664755d2003250e554d6490a2e3b5794d20a2", new TransactionIdHasher(" ").Hash("T001"u8));

    // RFC 4231, test case 2.
    [Fact]
    public void Hash_Key_IsHmacSha256() => Assert.Equal(
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        new TransactionIdHasher("Jefe").Hash("what do ya want for nothing?"u8));
}
