using TransactionPipeline.Web.Sales;

namespace TransactionPipeline.Web.Tests.Sales;

public sealed class ProductPrefixTests
{
    [Theory]
    [InlineData("Halal")]
    [InlineData("Halal Laptop 2")]
    [InlineData("حلال")]
    [InlineData("清真 茶")]
    [InlineData("हलाल चाय")]
    [InlineData("नम\u200Dस्ते")]
    [InlineData("\U00020000")]
    [InlineData("٣")]
    public void TryRead_LettersMarksAndDigitsOfAnyScript_AreTaken(string text)
    {
        Assert.True(ProductPrefix.TryRead(text, out var prefix));
        Assert.Equal(text, prefix);
    }

    [Theory]
    [InlineData("Cafe\u0301", "Café")]
    [InlineData("A\u030A", "Å")]
    [InlineData("\u1112\u1161\u11AF", "할")]
    [InlineData("\u212B", "Å")]
    public void TryRead_OtherSpelling_IsComposed(string text, string composed)
    {
        Assert.True(ProductPrefix.TryRead(text, out var prefix));
        Assert.Equal(composed, prefix);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(" Halal")]
    [InlineData("Halal ")]
    [InlineData("Halal  Tea")]
    [InlineData("Halal\u00A0Tea")]
    [InlineData("Halal\u200D")]
    [InlineData("\u200CHalal")]
    [InlineData("Halal \u200DTea")]
    [InlineData("Halal\n")]
    [InlineData("Halal%")]
    [InlineData("Halal_")]
    [InlineData("\uD800")]
    [InlineData("Halal\uFFFD")]
    [InlineData("🥤")]
    public void TryRead_AnythingElse_IsNotTaken(string text) => Assert.False(ProductPrefix.TryRead(text, out _));

    [Fact]
    public void TryRead_Length_IsThatOfTheComposedForm()
    {
        Assert.True(ProductPrefix.TryRead(string.Concat(Enumerable.Repeat("e\u0301", 64)), out var prefix));
        Assert.Equal(64, prefix.Length);
        Assert.False(ProductPrefix.TryRead(new string('a', 65), out _));
    }
}
