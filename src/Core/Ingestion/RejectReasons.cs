namespace TransactionPipeline.Core.Ingestion;

/// <summary>The reason codes of rejected lines, as stored and as counted in answers.</summary>
public static class RejectReasons
{
    /// <summary>A required field is blank.</summary>
    public const string Missing = "missing";

    /// <summary>Not a number, a whole number or a date (YYYY-MM-DD), as the column asks.</summary>
    public const string NotOfType = "not_of_type";

    /// <summary>Of the right type, but outside what the stores hold.</summary>
    public const string OutOfRange = "out_of_range";

    /// <summary>Business rule: price below <c>min_price</c> or not above 0.</summary>
    public const string PriceTooLow = "price_too_low";

    /// <summary>Business rule: more decimals than <c>max_decimals</c>.</summary>
    public const string TooManyDecimals = "too_many_decimals";

    /// <summary>Business rule: quantity above <c>max_quantity</c>.</summary>
    public const string QuantityTooHigh = "quantity_too_high";

    /// <summary>Business rule: the product does not start with <c>product_prefix</c>.</summary>
    public const string WrongPrefix = "wrong_prefix";

    /// <summary>The line has more or fewer fields than the header, or a field is longer than 64 KiB or holds a NUL.</summary>
    public const string Malformed = "malformed";
}
