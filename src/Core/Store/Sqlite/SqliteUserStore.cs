using Microsoft.Data.Sqlite;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Core.Store.Sqlite;

/// <summary>The users in <c>store.db</c>.</summary>
public sealed class SqliteUserStore(SqliteStore store, TimeProvider time) : IUserStore
{
    private const string Columns = "name, password_hash, roles, disabled, stamp";

    /// <inheritdoc/>
    public async Task<User?> FindAsync(string name, CancellationToken cancellationToken) => (await store.QueryAsync(
        $"SELECT {Columns} FROM users WHERE name = $name", Read, [("$name", name)], cancellationToken)).SingleOrDefault();

    /// <inheritdoc/>
    public Task<IReadOnlyList<User>> ListAsync(CancellationToken cancellationToken) =>
        store.QueryAsync($"SELECT {Columns} FROM users ORDER BY name", Read, [], cancellationToken);

    /// <inheritdoc/>
    public Task<bool> AddAsync(User user, CancellationToken cancellationToken) => WriteAsync(
        "INSERT INTO users (name, password_hash, roles, disabled, stamp, changed_at) " +
        "VALUES ($name, $hash, $roles, $disabled, $stamp, $now) ON CONFLICT (name) DO NOTHING", user, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> UpdateAsync(User user, CancellationToken cancellationToken) => WriteAsync(
        "UPDATE users SET password_hash = $hash, roles = $roles, disabled = $disabled, stamp = $stamp, changed_at = $now " +
        "WHERE name = $name", user, cancellationToken);

    private async Task<bool> WriteAsync(string sql, User user, CancellationToken cancellationToken) => await store.ExecuteAsync(
        sql,
        [
            ("$name", user.Name), ("$hash", user.PasswordHash), ("$roles", string.Join(',', user.Roles)), ("$disabled", user.Disabled),
            ("$stamp", user.Stamp), ("$now", time.GetUtcNow().ToUnixTimeMilliseconds()),
        ],
        cancellationToken) == 1;

    private static User Read(SqliteDataReader row) => new(
        row.GetString(0),
        row.GetString(1),
        row.GetString(2).Split(',', StringSplitOptions.RemoveEmptyEntries),
        row.GetBoolean(3),
        row.GetString(4));
}
