using Microsoft.Extensions.Configuration;

namespace TransactionPipeline.Core.Store.Postgres;

/// <summary>
/// The section <c>data_warehouse.postgres</c>. The shipped configuration names a host and a database and no user: PostgreSQL is in
/// use only when <see cref="IsConfigured"/>.
/// </summary>
public sealed class PostgresOptions
{
    /// <summary>Connections for loads and transforms.</summary>
    internal const int Writes = 2;

    private const int Listening = 1;

    /// <summary>The server's name or address, or the directory of its Unix socket.</summary>
    /// <value><c>localhost</c>.</value>
    public string Host { get; set; } = "localhost";

    /// <summary>The server's port.</summary>
    /// <value>5432.</value>
    public int Port { get; set; } = 5432;

    /// <summary>The database.</summary>
    /// <value><c>mydb</c>.</value>
    [ConfigurationKeyName("dbname")]
    public string Database { get; set; } = "mydb";

    /// <summary>The user; goes with <see cref="Password"/>.</summary>
    public string? User { get; set; }

    /// <summary>The user's password.</summary>
    public string? Password { get; set; }

    /// <summary>A directory with the files <c>user</c> and <c>password</c> (a mounted secret), read again whenever they were rotated.</summary>
    [ConfigurationKeyName("credentials_directory")]
    public string? CredentialsDirectory { get; set; }

    /// <summary>How TLS is used.</summary>
    /// <value><c>prefer</c>; or <c>disable</c>, <c>allow</c>, <c>require</c>, <c>verify-ca</c>, <c>verify-full</c>.</value>
    public string SslMode { get; set; } = "prefer";

    /// <summary>A PEM file with the certificate that the server's must descend from; for verify-ca and verify-full.</summary>
    /// <value>The system's own.</value>
    [ConfigurationKeyName("root_certificate")]
    public string? RootCertificate { get; set; }

    /// <summary>
    /// The most connections this process has open: one to hear of changes, two to load and transform, a quarter of the others for each
    /// mart's questions and for uploads; the rest, at least as many, are the shared store's alone.
    /// </summary>
    /// <value>20; 8 to 1,000.</value>
    [ConfigurationKeyName("max_pool_size")]
    public int MaxPoolSize { get; set; } = 20;

    /// <summary>The time a connection may take to open, or to come free, in seconds.</summary>
    /// <value>5.</value>
    [ConfigurationKeyName("connect_timeout_seconds")]
    public int ConnectTimeoutSeconds { get; set; } = 5;

    /// <summary>The time the server may be silent during a question, in seconds. Loading a batch and transforming may take ten times as long.</summary>
    /// <value>30.</value>
    [ConfigurationKeyName("command_timeout_seconds")]
    public int CommandTimeoutSeconds { get; set; } = 30;

    /// <summary>True when there are credentials.</summary>
    public bool IsConfigured =>
        !string.IsNullOrWhiteSpace(CredentialsDirectory) || (!string.IsNullOrWhiteSpace(User) && !string.IsNullOrEmpty(Password));

    /// <summary>What is wrong with the section, naming the key to mend; null when nothing is.</summary>
    public string? Problem =>
        string.IsNullOrWhiteSpace(Host) ? "data_warehouse:postgres:host is blank."
        : string.IsNullOrWhiteSpace(Database) ? "data_warehouse:postgres:dbname is blank."
        : Port is < 1 or > 65_535 ? "data_warehouse:postgres:port must be 1 to 65535."
        : MaxPoolSize is < 8 or > 1000 ? "data_warehouse:postgres:max_pool_size must be 8 to 1000."
        : ConnectTimeoutSeconds is < 1 or > 300 ? "data_warehouse:postgres:connect_timeout_seconds must be 1 to 300."
        : CommandTimeoutSeconds is < 1 or > 3600 ? "data_warehouse:postgres:command_timeout_seconds must be 1 to 3600."
        : !string.IsNullOrWhiteSpace(RootCertificate) && !File.Exists(RootCertificate)
            ? "data_warehouse:postgres:root_certificate names a file that is not there, or that may not be read."
        : TryParseSslMode(SslMode) is null
            ? "data_warehouse:postgres:sslmode must be disable, allow, prefer, require, verify-ca or verify-full."
        : null;

    /// <summary>What each mart's questions may take of the pool, and what the stagings may.</summary>
    internal int Share => (MaxPoolSize - Listening - Writes) / 4;

    internal static Npgsql.SslMode? TryParseSslMode(string text) => text switch
    {
        "disable" => Npgsql.SslMode.Disable,
        "allow" => Npgsql.SslMode.Allow,
        "prefer" => Npgsql.SslMode.Prefer,
        "require" => Npgsql.SslMode.Require,
        "verify-ca" => Npgsql.SslMode.VerifyCA,
        "verify-full" => Npgsql.SslMode.VerifyFull,
        _ => null,
    };
}
