namespace TransactionPipeline.Core.Users;

/// <summary>The users in the shared store.</summary>
public interface IUserStore
{
    /// <summary>The user of that exact name, or null.</summary>
    Task<User?> FindAsync(string name, CancellationToken cancellationToken);

    /// <summary>Every user, by name.</summary>
    Task<IReadOnlyList<User>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Adds a user; false when the name is taken.</summary>
    Task<bool> AddAsync(User user, CancellationToken cancellationToken);

    /// <summary>Replaces a user; false when there is none of that name.</summary>
    Task<bool> UpdateAsync(User user, CancellationToken cancellationToken);
}
