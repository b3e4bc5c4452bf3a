using System.Globalization;
using System.Text;
using TransactionPipeline.Core.Cache;

namespace TransactionPipeline.Core.Store.Postgres;

/// <summary>
/// What replicas tell each other of a committed snapshot: its key, its mart's change token and when that was read by the server's clock.
/// Empty when too long.
/// </summary>
internal static class SnapshotNotice
{
    public static string Write(Snapshot snapshot, DateTimeOffset checkedAt, int maxBytes)
    {
        var text = $"{checkedAt.UtcTicks}\n{snapshot.DataVersion}\n{snapshot.Key}";
        return Encoding.UTF8.GetByteCount(text) <= maxBytes ? text : "";
    }

    /// <summary>Reads what <see cref="Write"/> wrote; null for anything else.</summary>
    public static (QueryKey Key, string DataVersion, DateTimeOffset CheckedAt)? TryRead(string text)
    {
        try
        {
            return text.Split('\n', 3) is [var ticks, var version, var key]
                ? (QueryKey.Parse(key), version, new DateTimeOffset(long.Parse(ticks, CultureInfo.InvariantCulture), TimeSpan.Zero))
                : null;
        }
        catch (Exception other) when (other is FormatException or ArgumentOutOfRangeException or OverflowException)
        {
            return null;
        }
    }
}
