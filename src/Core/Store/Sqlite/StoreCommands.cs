using Microsoft.Data.Sqlite;

namespace TransactionPipeline.Core.Store.Sqlite;

/// <summary>Values into and out of statements.</summary>
internal static class StoreCommands
{
    /// <summary>Gives a statement its values; null becomes NULL.</summary>
    public static void Add(this SqliteCommand command, IReadOnlyList<(string Name, object? Value)> parameters)
    {
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value ?? DBNull.Value);
    }

    /// <summary>A time in Unix milliseconds, or null.</summary>
    public static DateTimeOffset? ReadTime(this SqliteDataReader row, int column) =>
        row.IsDBNull(column) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(column));
}
