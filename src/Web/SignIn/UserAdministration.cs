using Microsoft.AspNetCore.Identity;
using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Web.SignIn;

/// <summary>Adds and changes users. Every change gives the user a new stamp, which ends the sessions from before.</summary>
public sealed class UserAdministration(IUserStore users, IPasswordHasher<User> hasher)
{
    /// <summary>False when the name is taken.</summary>
    public Task<bool> AddAsync(string name, string password, IReadOnlyList<string> roles, CancellationToken cancellationToken) =>
        users.AddAsync(new User(name, hasher.HashPassword(null!, password), roles, Disabled: false, UserRules.NewStamp()), cancellationToken);

    /// <summary>False when there is no such user.</summary>
    public Task<bool> SetPasswordAsync(string name, string password, CancellationToken cancellationToken) =>
        ChangeAsync(name, user => user with { PasswordHash = hasher.HashPassword(user, password) }, cancellationToken);

    /// <summary>False when there is no such user.</summary>
    public Task<bool> SetDisabledAsync(string name, bool disabled, CancellationToken cancellationToken) =>
        ChangeAsync(name, user => user with { Disabled = disabled }, cancellationToken);

    /// <summary>False when there is no such user.</summary>
    public Task<bool> SetRolesAsync(string name, IReadOnlyList<string> roles, CancellationToken cancellationToken) =>
        ChangeAsync(name, user => user with { Roles = roles }, cancellationToken);

    private async Task<bool> ChangeAsync(string name, Func<User, User> change, CancellationToken cancellationToken) =>
        await users.FindAsync(name, cancellationToken) is { } user &&
        await users.UpdateAsync(change(user) with { Stamp = UserRules.NewStamp() }, cancellationToken);
}
