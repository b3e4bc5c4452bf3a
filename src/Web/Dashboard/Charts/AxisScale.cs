namespace TransactionPipeline.Web.Dashboard.Charts;

/// <summary>A scale from 0 to a round number at or above the greatest value, in at most five steps of 1, 2, 2.5 or 5 times a power of ten.</summary>
/// <param name="Step">The distance of two ticks.</param>
/// <param name="Top">The last tick.</param>
internal readonly record struct AxisScale(decimal Step, decimal Top)
{
    /// <summary>The scale for values up to <paramref name="greatest"/>.</summary>
    public static AxisScale For(decimal greatest)
    {
        if (greatest <= 0) return new AxisScale(1, 1);
        decimal power = 1;
        while (power * 10 <= greatest) power *= 10;
        while (power > greatest) power /= 10;
        foreach (var step in (ReadOnlySpan<decimal>)[0.2m, 0.25m, 0.5m, 1m])
        {
            if (step * power * 5 >= greatest) return Of(step * power, greatest);
        }
        return Of(power * 2, greatest);
    }

    /// <summary>0 and every tick up to <see cref="Top"/>.</summary>
    public IEnumerable<decimal> Ticks()
    {
        for (decimal tick = 0; tick <= Top; tick += Step) yield return tick;
    }

    /// <summary>The place of <paramref name="value"/> on the scale, 0 to 1.</summary>
    public decimal Place(decimal value) => Math.Clamp(value / Top, 0, 1);

    private static AxisScale Of(decimal step, decimal greatest) => new(step, step * Math.Ceiling(greatest / step));
}
