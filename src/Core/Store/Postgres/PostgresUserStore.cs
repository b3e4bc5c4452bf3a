using Npgsql;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Core.Store.Postgres;

/// <summary>The users in PostgreSQL, shared by every replica.</summary>
public sealed class PostgresUserStore(PostgresStore store) : IUserStore
{
    private const string Columns = "name, password_hash, roles, disabled, stamp";

    /// <inheritdoc/>
    public async Task<User?> FindAsync(string name, CancellationToken cancellationToken) =>
        // PostgreSQL's text has no NUL, and neither has a name.
        name.Contains('\0')
            ? null
            : (await store.QueryAsync($"SELECT {Columns} FROM users WHERE name = $1", Read, [name], cancellationToken)).SingleOrDefault();

    /// <inheritdoc/>
    public async Task<IReadOnlyList<User>> ListAsync(CancellationToken cancellationToken) =>
        await store.QueryAsync($"SELECT {Columns} FROM users ORDER BY name", Read, [], cancellationToken);

    /// <inheritdoc/>
    public Task<bool> AddAsync(User user, CancellationToken cancellationToken) => WriteAsync(
        """
        INSERT INTO users (name, password_hash, roles, disabled, stamp, changed_at) VALUES ($1, $2, $3, $4, $5, clock_timestamp())
        ON CONFLICT (name) DO NOTHING
        """, user, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> UpdateAsync(User user, CancellationToken cancellationToken) => WriteAsync(
        "UPDATE users SET password_hash = $2, roles = $3, disabled = $4, stamp = $5, changed_at = clock_timestamp() WHERE name = $1",
        user, cancellationToken);

    private async Task<bool> WriteAsync(string sql, User user, CancellationToken cancellationToken) => await store.ExecuteAsync(
        sql, [user.Name, user.PasswordHash, string.Join(',', user.Roles), user.Disabled, user.Stamp], cancellationToken) == 1;

    private static User Read(NpgsqlDataReader row) => new(
        row.GetString(0),
        row.GetString(1),
        row.GetString(2).Split(',', StringSplitOptions.RemoveEmptyEntries),
        row.GetBoolean(3),
        row.GetString(4));
}
