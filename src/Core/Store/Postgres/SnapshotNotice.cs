using System.Text;
using TransactionPipeline.Core.Cache;

namespace TransactionPipeline.Core.Store.Postgres;

/// <summary>What replicas tell each other of a committed snapshot: its key and its mart's change token. Empty when it would be too long.</summary>
internal static class SnapshotNotice
{
    public static string Write(Snapshot snapshot, int maxBytes)
    {
        var text = $"{snapshot.DataVersion}\n{snapshot.Key}";
        return Encoding.UTF8.GetByteCount(text) <= maxBytes ? text : "";
    }

    /// <summary>Reads what <see cref="Write"/> wrote; null for anything else.</summary>
    public static (QueryKey Key, string DataVersion)? TryRead(string text)
    {
        try
        {
            return text.Split('\n', 2) is [var version, var key] ? (QueryKey.Parse(key), version) : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
