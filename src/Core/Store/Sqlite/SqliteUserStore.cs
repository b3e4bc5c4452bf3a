using Microsoft.Data.Sqlite;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Core.Store.Sqlite;

/// <summary>The users in <c>store.db</c>.</summary>
public sealed class SqliteUserStore(SqliteDatabase store, TimeProvider time) : IUserStore
{
    private const string Columns = "name, password_hash, roles, disabled, stamp";

    /// <inheritdoc/>
    public async Task<User?> FindAsync(string name, CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {Columns} FROM users WHERE name = $name";
        command.Parameters.AddWithValue("$name", name);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? Read(reader) : null;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<User>> ListAsync(CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {Columns} FROM users ORDER BY name";
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var users = new List<User>();
        while (await reader.ReadAsync(cancellationToken)) users.Add(Read(reader));
        return users;
    }

    /// <inheritdoc/>
    public Task<bool> AddAsync(User user, CancellationToken cancellationToken) => WriteAsync(
        "INSERT INTO users (name, password_hash, roles, disabled, stamp, changed_at) " +
        "VALUES ($name, $hash, $roles, $disabled, $stamp, $now) ON CONFLICT (name) DO NOTHING", user, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> UpdateAsync(User user, CancellationToken cancellationToken) => WriteAsync(
        "UPDATE users SET password_hash = $hash, roles = $roles, disabled = $disabled, stamp = $stamp, changed_at = $now " +
        "WHERE name = $name", user, cancellationToken);

    private async Task<bool> WriteAsync(string sql, User user, CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Parameters.AddWithValue("$name", user.Name);
        command.Parameters.AddWithValue("$hash", user.PasswordHash);
        command.Parameters.AddWithValue("$roles", string.Join(',', user.Roles));
        command.Parameters.AddWithValue("$disabled", user.Disabled);
        command.Parameters.AddWithValue("$stamp", user.Stamp);
        command.Parameters.AddWithValue("$now", time.GetUtcNow().ToUnixTimeMilliseconds());
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    private static User Read(SqliteDataReader row) => new(
        row.GetString(0),
        row.GetString(1),
        row.GetString(2).Split(',', StringSplitOptions.RemoveEmptyEntries),
        row.GetBoolean(3),
        row.GetString(4));
}
