using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.Tokens;
using TransactionPipeline.Core.Configuration;
using TransactionPipeline.Core.Users;
using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Web.SignIn;

/// <summary>The key that signs and checks tokens: <c>security.jwt_secret</c>, or in Development a random one of this machine.</summary>
internal sealed partial class TokenKey
{
    /// <summary>HS256 is only as strong as its key: one hash length (RFC 7518, 3.2).</summary>
    public const int MinBytes = 32;

    private const string FileName = "development.key";

    /// <summary>For as long another process may have the file.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private TokenKey(byte[] secret) => Key = new SymmetricSecurityKey(secret);

    public SymmetricSecurityKey Key { get; }

    /// <exception cref="StartRefusedException">Outside Development the secret is the shipped one, or too short.</exception>
    public static TokenKey Resolve(SecurityOptions options, IHostEnvironment environment, StateOptions state, ILogger<TokenKey> logger)
    {
        var secret = Encoding.UTF8.GetBytes(options.JwtSecret);
        var isDefault = options.JwtSecret == SecurityOptions.DefaultJwtSecret;
        if (!isDefault && secret.Length >= MinBytes) return new TokenKey(secret);
        if (!environment.IsDevelopment())
        {
            throw new StartRefusedException(
                $"Refusing to start in {environment.EnvironmentName}: security__jwt_secret is " +
                (isDefault ? "the default value" : $"shorter than {MinBytes} bytes") +
                $"; give {MinBytes} random bytes or more, for example the output of 'openssl rand -hex 32'.");
        }

        state.Create();
        var path = state.PathOf(FileName);
        secret = ReadOrCreate(path);
        LogDevelopmentKey(logger, path);
        return new TokenKey(secret);
    }

    private static byte[] ReadOrCreate(string path)
    {
        byte[]? secret = null;
        IOException? last = null;
        SpinWait.SpinUntil(
            () =>
            {
                try
                {
                    secret = ReadOrCreateAlone(path);
                }
                catch (IOException held)
                {
                    last = held;
                }
                return secret is not null;
            },
            Patience);
        if (secret is null) throw new StartRefusedException($"{path} cannot be read: {last?.Message}");
        return secret.Length >= MinBytes
            ? secret
            : throw new StartRefusedException($"{path} is shorter than {MinBytes} bytes; delete it, a new one is made.");
    }

    // One process at a time has the file, so that those that start together get the key of the first. A move that must not overwrite
    // would not do: on Unix it looks first and moves then, and two can pass the look.
    private static byte[] ReadOrCreateAlone(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var file = new FileStream(path, options);
        if (file.Length == 0)
        {
            file.Write(RandomNumberGenerator.GetBytes(MinBytes));
            file.Position = 0;
        }
        var secret = new byte[file.Length];
        file.ReadExactly(secret);
        return secret;
    }

    [LoggerMessage(LogLevel.Information, "security.jwt_secret is not set for real use: tokens are signed with this machine's own key, {File}")]
    private static partial void LogDevelopmentKey(ILogger logger, string file);
}
