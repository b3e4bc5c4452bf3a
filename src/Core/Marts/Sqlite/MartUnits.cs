namespace TransactionPipeline.Core.Marts.Sqlite;

/// <summary>Values as the embedded mart holds them: see <see cref="MartSchema"/>.</summary>
internal static class MartUnits
{
    private const int Scale = 4;
    private const decimal UnitsInOne = 10_000m;

    /// <summary>Whole ten-thousandths. The amount must have at most 4 decimals.</summary>
    public static long FromMoney(decimal amount) => decimal.ToInt64(amount * UnitsInOne);

    /// <summary>The amount without trailing zeros, so that 249.9 stays 249.9 in JSON.</summary>
    public static decimal ToMoney(long units)
    {
        var scale = Scale;
        for (; scale > 0 && units % 10 == 0; scale--) units /= 10;
        var size = (ulong)Int128.Abs(units);
        return new decimal((int)(uint)size, (int)(uint)(size >> 32), 0, units < 0, (byte)scale);
    }

    public static int FromDay(DateOnly day) => (((day.Year * 100) + day.Month) * 100) + day.Day;

    public static DateOnly ToDay(int day) => new(day / 10_000, day / 100 % 100, day % 100);

    public static int FromMonth(Month month) => (month.Year * 100) + month.Number;

    public static Month ToMonth(int month) => new(month / 100, month % 100);
}
