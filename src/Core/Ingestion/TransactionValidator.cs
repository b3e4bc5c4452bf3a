using System.Buffers;
using System.Globalization;
using System.Text.Unicode;

namespace TransactionPipeline.Core.Ingestion;

/// <summary>
/// Decides whether a line is a transaction. The type rules always hold; the business rules of <see cref="ValidationOptions"/> are
/// skipped with <c>trust_input</c>. The first rule that is broken, field by field, is the one that is told.
/// </summary>
internal sealed class TransactionValidator
{
    /// <summary>Prices are below this in size.</summary>
    public const decimal PriceLimit = 1_000_000_000m;

    /// <summary>Price times quantity is below this in size: a store that counts ten-thousandths in 64 bits then adds up 922 of the largest.</summary>
    public const decimal AmountLimit = 1_000_000_000_000m;

    /// <summary>Quantities are at most this in size.</summary>
    public const int MaxQuantity = 1_000_000;

    private const int MaxDecimals = 4;

    // What decimal holds exactly. A longer text would be rounded without a word.
    private const int MaxNumberLength = 28;

    private const int DayLength = 10;

    private static readonly SearchValues<byte> NumberBytes = SearchValues.Create("+-.0123456789"u8);

    private readonly ValidationOptions _rules;
    private readonly bool _trust;
    private readonly bool _productRequired;

    /// <param name="rules">Rules without a problem, see <see cref="IngestionOptions.Problem"/>.</param>
    /// <param name="trustInput">Skips the business rules.</param>
    public TransactionValidator(ValidationOptions rules, bool trustInput)
    {
        _rules = rules;
        _trust = trustInput;
        _productRequired = rules.RequiredFields.Count == 0 || rules.RequiredFields.Contains(TransactionColumns.Product, StringComparer.Ordinal);
    }

    /// <summary>The field and the reason of the first broken rule; null for a good line, which is then in <paramref name="sale"/>.</summary>
    public (string Field, string Reason)? Check(in TransactionLine line, out CheckedSale sale)
    {
        sale = default;
        // In composed form: what looks the same is the same. Checked first, as nearly all are.
        var product = line.Product.Trim();
        if (!product.IsNormalized()) product = product.Normalize();
        if (Trim(line.Id).IsEmpty) return (TransactionColumns.Id, RejectReasons.Missing);
        if (CheckPrice(Trim(line.Price), out var price) is { } badPrice) return (TransactionColumns.Price, badPrice);
        if (CheckQuantity(Trim(line.Quantity), out var quantity) is { } badQuantity) return (TransactionColumns.Quantity, badQuantity);
        if (Math.Abs(price * quantity) >= AmountLimit) return (TransactionColumns.Price, RejectReasons.OutOfRange);
        if (CheckDate(Trim(line.Date), out var date) is { } badDate) return (TransactionColumns.Date, badDate);
        sale = new CheckedSale(product.Length == 0 ? null : product, price, quantity, date);
        return _trust ? null : CheckBusinessRules(sale);
    }

    private static string? CheckPrice(ReadOnlySpan<byte> text, out decimal price)
    {
        price = 0;
        if (text.IsEmpty) return RejectReasons.Missing;
        if (text.Length > MaxNumberLength) return text.ContainsAnyExcept(NumberBytes) ? RejectReasons.NotOfType : RejectReasons.OutOfRange;
        const NumberStyles Plain = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        if (!decimal.TryParse(text, Plain, CultureInfo.InvariantCulture, out price)) return RejectReasons.NotOfType;
        return Math.Abs(price) < PriceLimit && HasAtMost(price, MaxDecimals) ? null : RejectReasons.OutOfRange;
    }

    private static string? CheckQuantity(ReadOnlySpan<byte> text, out int quantity)
    {
        quantity = 0;
        if (text.IsEmpty) return RejectReasons.Missing;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out quantity))
            return quantity is >= -MaxQuantity and <= MaxQuantity ? null : RejectReasons.OutOfRange;
        var digits = text[0] is (byte)'+' or (byte)'-' ? text[1..] : text;
        return digits.IsEmpty || digits.ContainsAnyExceptInRange((byte)'0', (byte)'9') ? RejectReasons.NotOfType : RejectReasons.OutOfRange;
    }

    private static string? CheckDate(ReadOnlySpan<byte> text, out DateOnly date)
    {
        date = default;
        if (text.IsEmpty) return RejectReasons.Missing;
        Span<char> day = stackalloc char[DayLength];
        return text.Length == DayLength && Utf8.ToUtf16(text, day, out _, out _) == OperationStatus.Done
            && DateOnly.TryParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out date)
            ? null
            : RejectReasons.NotOfType;
    }

    private (string Field, string Reason)? CheckBusinessRules(in CheckedSale sale)
    {
        if (sale.Product is null)
        {
            if (_productRequired) return (TransactionColumns.Product, RejectReasons.Missing);
        }
        else if (!sale.Product.StartsWith(_rules.ProductPrefix, StringComparison.Ordinal))
        {
            return (TransactionColumns.Product, RejectReasons.WrongPrefix);
        }
        if (!HasAtMost(sale.Price, _rules.MaxDecimals)) return (TransactionColumns.Price, RejectReasons.TooManyDecimals);
        if (sale.Price <= 0 || sale.Price < _rules.MinPrice) return (TransactionColumns.Price, RejectReasons.PriceTooLow);
        if (sale.Quantity > _rules.MaxQuantity) return (TransactionColumns.Quantity, RejectReasons.QuantityTooHigh);
        return null;
    }

    /// <summary>A field without the blanks around it, which no column counts.</summary>
    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> field) => field.Trim(" \t\r\n"u8);

    // By value: 24.990 has two decimals that matter.
    private static bool HasAtMost(decimal price, int decimals) => price.Scale <= decimals || decimal.Round(price, decimals) == price;
}

/// <summary>What a good line says, apart from its id.</summary>
internal readonly record struct CheckedSale(string? Product, decimal Price, int Quantity, DateOnly Date);
