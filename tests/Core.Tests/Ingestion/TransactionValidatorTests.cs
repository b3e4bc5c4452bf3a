using System.Text;
using TransactionPipeline.Core.Ingestion;

namespace TransactionPipeline.Core.Tests.Ingestion;

public sealed class TransactionValidatorTests
{
    [Theory]
    [InlineData("price", "1", null)]
    [InlineData("price", " +1.5 ", null)]
    [InlineData("price", "-0.0001", null)]
    [InlineData("price", "999999999.9999", null)]
    [InlineData("price", "1.00000", null)]
    [InlineData("price", "1000000000", RejectReasons.OutOfRange)]
    [InlineData("price", "1.00001", RejectReasons.OutOfRange)]
    [InlineData("price", "1.00000000000000000000000000000000000000001", RejectReasons.OutOfRange)]
    [InlineData("price", "99999999999999999999999999999999999999999", RejectReasons.OutOfRange)]
    [InlineData("price", "1e400", RejectReasons.NotOfType)]
    [InlineData("price", "1e2", RejectReasons.NotOfType)]
    [InlineData("price", "1,000", RejectReasons.NotOfType)]
    [InlineData("price", "NaN", RejectReasons.NotOfType)]
    [InlineData("price", "$1", RejectReasons.NotOfType)]
    [InlineData("price", " ", RejectReasons.Missing)]
    [InlineData("quantity", "-1000000", null)]
    [InlineData("quantity", "1000001", RejectReasons.OutOfRange)]
    [InlineData("quantity", "99999999999999999999", RejectReasons.OutOfRange)]
    [InlineData("quantity", "2.0", RejectReasons.NotOfType)]
    [InlineData("quantity", "-", RejectReasons.NotOfType)]
    [InlineData("quantity", "", RejectReasons.Missing)]
    [InlineData("date", "0001-01-01", null)]
    [InlineData("date", "2024-02-29", null)]
    [InlineData("date", "2023-02-29", RejectReasons.NotOfType)]
    [InlineData("date", "2023-02-31", RejectReasons.NotOfType)]
    [InlineData("date", "2023-1-1", RejectReasons.NotOfType)]
    [InlineData("date", "01.10.2023", RejectReasons.NotOfType)]
    [InlineData("date", "2023-10-01T00:00", RejectReasons.NotOfType)]
    [InlineData("date", "", RejectReasons.Missing)]
    [InlineData("transaction_id", " ", RejectReasons.Missing)]
    [InlineData("product", "", null)]
    [InlineData("product", "Monitor", null)]
    public void Check_TrustedInput_KeepsTheTypeRules(string field, string value, string? reason) =>
        Assert.Equal(reason is null ? null : (field, reason), Check(new ValidationOptions(), trust: true, field, value));

    [Theory]
    [InlineData("product", "", RejectReasons.Missing)]
    [InlineData("product", "Monitor", RejectReasons.WrongPrefix)]
    [InlineData("product", "halal Tea", RejectReasons.WrongPrefix)]
    [InlineData("product", "  Halal Tea", null)]
    [InlineData("price", "10.001", RejectReasons.TooManyDecimals)]
    [InlineData("price", "10.500", null)]
    [InlineData("price", "9.99", RejectReasons.PriceTooLow)]
    [InlineData("price", "10", null)]
    [InlineData("quantity", "100", null)]
    [InlineData("quantity", "101", RejectReasons.QuantityTooHigh)]
    public void Check_UntrustedInput_AddsTheBusinessRules(string field, string value, string? reason) =>
        Assert.Equal(reason is null ? null : (field, reason), Check(new ValidationOptions(), trust: false, field, value));

    [Fact]
    public void Check_MinimumPriceZero_StillWantsAPriceAboveZero() => Assert.Equal(
        ("price", RejectReasons.PriceTooLow), Check(new ValidationOptions { MinPrice = 0 }, trust: false, "price", "0"));

    [Fact]
    public void Check_AmountBeyondTheStores_IsOutOfRange()
    {
        var line = new TransactionLine
        {
            Id = "T1"u8,
            Product = "Halal",
            Price = "999999999"u8,
            Quantity = "-1000000"u8,
            Date = "2023-10-01"u8,
        };
        Assert.Equal(("price", RejectReasons.OutOfRange), new TransactionValidator(new ValidationOptions(), trustInput: true).Check(line, out _));
    }

    [Fact]
    public void Problem_UnknownRequiredField_NamesTheSetting() => Assert.Contains(
        "required_fields names 'colour'",
        new IngestionOptions { Validation = { RequiredFields = ["product", "colour"] } }.Problem, StringComparison.Ordinal);

    private static (string Field, string Reason)? Check(ValidationOptions rules, bool trust, string field, string value)
    {
        byte[] Value(string name, string usual) => Encoding.UTF8.GetBytes(field == name ? value : usual);
        var line = new TransactionLine
        {
            Id = Value("transaction_id", "T001"),
            Product = field == "product" ? value : "Halal Tea",
            Price = Value("price", "10.25"),
            Quantity = Value("quantity", "5"),
            Date = Value("date", "2023-10-01"),
        };
        return new TransactionValidator(rules, trust).Check(line, out _);
    }
}
