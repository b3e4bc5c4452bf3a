namespace TransactionPipeline.Core.Users;

/// <summary>Someone who may sign in.</summary>
/// <param name="Name">1 to 64 letters, digits, <c>. _ - @</c>; case-sensitive.</param>
/// <param name="PasswordHash">As ASP.NET's PasswordHasher writes it.</param>
/// <param name="Roles">Some of <see cref="Roles.All"/>.</param>
/// <param name="Disabled">May not sign in, and what was signed in before no longer counts.</param>
/// <param name="Stamp">Changes with the password, the roles and <paramref name="Disabled"/>: a token that names another stamp is refused.</param>
public sealed record User(string Name, string PasswordHash, IReadOnlyList<string> Roles, bool Disabled, string Stamp);
