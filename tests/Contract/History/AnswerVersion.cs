namespace TransactionPipeline.Contract.History;

/// <summary>The version that an <c>ETag</c> names: ordered by its time, then by who issued it.</summary>
/// <param name="Time">The number before the dash.</param>
/// <param name="Issuer">The number after it, hexadecimal in the tag.</param>
public readonly record struct AnswerVersion(long Time, long Issuer)
{
    /// <summary>Whether it is an older one than <paramref name="other"/>.</summary>
    public bool IsBefore(AnswerVersion other) => Time < other.Time || (Time == other.Time && Issuer < other.Issuer);

    /// <inheritdoc/>
    public override string ToString() => $"{Time}-{Issuer:x}";
}
