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
        // Written aside and moved, so that of two processes starting together both read the one complete key that came first.
        var draft = $"{path}.{Guid.NewGuid():n}";
        try
        {
            if (!File.Exists(path))
            {
                var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
                if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
                using (var file = new FileStream(draft, options)) file.Write(RandomNumberGenerator.GetBytes(MinBytes));
                try
                {
                    File.Move(draft, path, overwrite: false);
                }
                catch (IOException) when (File.Exists(path))
                {
                    // The other process was first.
                }
            }
            var secret = File.ReadAllBytes(path);
            return secret.Length >= MinBytes
                ? secret
                : throw new StartRefusedException($"{path} is shorter than {MinBytes} bytes; delete it, a new one is made.");
        }
        finally
        {
            File.Delete(draft);
        }
    }

    [LoggerMessage(LogLevel.Information, "security.jwt_secret is not set for real use: tokens are signed with this machine's own key, {File}")]
    private static partial void LogDevelopmentKey(ILogger logger, string file);
}
