using System.Diagnostics;
using Npgsql;
using TransactionPipeline.Core.Store.Postgres;

namespace TransactionPipeline.Testing;

/// <summary>
/// A PostgreSQL server of the tests' own, in a temporary directory, on a free port of the loopback address. Root may not run one, so it
/// runs as <c>postgres</c> or <c>nobody</c> then. Stopped and deleted at the end, also when this process is killed.
/// </summary>
public partial class PostgresServer
{
    public const string User = "tester";
    public const string Password = "not-a-secret";

    private readonly string _directory = Directory.CreateTempSubdirectory("pipeline-postgres-").FullName;
    private readonly string _bin = FindBinaries();
    private readonly (string Name, string Group)? _account = FindAccount();
    private readonly LastWill _will;
    private int _databases;

    public PostgresServer() => _will = LastWill.Write(
        "directory=$1; shift; \"$@\" >/dev/null 2>&1; rm -rf \"$directory\"",
        [_directory, .. AsServer("pg_ctl", StopArguments("immediate"))]);

    public int Port { get; } = Ports.Free();

    private string Data => Path.Combine(_directory, "data");

    public async Task InitializeAsync()
    {
        try
        {
            await MakeAsync();
            await StartAsync();
        }
        catch
        {
            await _will.DisposeAsync();
            throw;
        }
    }

    private async Task MakeAsync()
    {
        var secret = Path.Combine(_directory, "password");
        await File.WriteAllTextAsync(secret, Password);
        if (_account is var (name, group)) await RunAsync("chown", "-R", $"{name}:{group}", _directory);
        await RunAsServerAsync("initdb", "-D", Data, "-U", User, "--auth=scram-sha-256", "--pwfile=" + secret, "--encoding=UTF8", "--no-sync");
        await File.AppendAllTextAsync(Path.Combine(Data, "postgresql.conf"),
            $"""

            listen_addresses = '127.0.0.1'
            port = {Port}
            unix_socket_directories = '{_directory}'
            max_connections = 200
            shared_buffers = 256MB
            max_wal_size = 4GB
            shared_preload_libraries = 'pg_stat_statements'
            log_min_messages = fatal
            """);
    }

    public Task StartAsync() => RunAsServerAsync("pg_ctl", "-D", Data, "-w", "-t", "60", "-l", Path.Combine(_directory, "log"), "start");

    /// <summary>Encrypts connections from now on, with this certificate and key in PEM.</summary>
    public async Task EnableTlsAsync(string certificate, string key)
    {
        foreach (var (file, content) in new[] { ("server.crt", certificate), ("server.key", key) })
        {
            var path = Path.Combine(Data, file);
            await File.WriteAllTextAsync(path, content);
            await RunAsync("chmod", "600", path);
            if (_account is var (name, group)) await RunAsync("chown", $"{name}:{group}", path);
        }
        await File.AppendAllTextAsync(Path.Combine(Data, "postgresql.conf"), "\nssl = on\n");
        await StopAsync();
        await StartAsync();
    }

    public Task StopAsync(string mode = "fast") => RunAsServerAsync("pg_ctl", StopArguments(mode));

    /// <summary>Stops it, unless it is stopped, and removes its directory.</summary>
    public async Task DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await _will.DisposeAsync();
    }

    /// <summary>Settings for a new, empty database.</summary>
    public async Task<PostgresOptions> CreateDatabaseAsync()
    {
        var name = $"test{Interlocked.Increment(ref _databases)}";
        await ExecuteAsync("postgres", $"CREATE DATABASE {name}");
        return OptionsFor(name);
    }

    public PostgresOptions OptionsFor(string database) => new()
    {
        Host = "127.0.0.1",
        Port = Port,
        Database = database,
        User = User,
        Password = Password,
        SslMode = "disable",
    };

    /// <summary>A connection that is open; its caller disposes of it.</summary>
    public async Task<NpgsqlConnection> ConnectAsync(string database, Action<NpgsqlConnectionStringBuilder>? configure = null)
    {
        var settings = new NpgsqlConnectionStringBuilder(ConnectionStringTo(database));
        configure?.Invoke(settings);
        var connection = new NpgsqlConnection(settings.ConnectionString);
        try
        {
            await connection.OpenAsync();
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public string ConnectionStringTo(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port,
        Database = database,
        Username = User,
        Password = Password,
        Pooling = false,
    }.ConnectionString;

    public async Task<object?> ExecuteAsync(string database, string sql)
    {
        await using var connection = await ConnectAsync(database);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    private static string FindBinaries()
    {
        var packaged = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(path => path, StringComparer.Ordinal).Select(path => Path.Combine(path, "bin"))
            : [];
        var onPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return packaged.Concat(onPath).FirstOrDefault(path => File.Exists(Path.Combine(path, "initdb")) && File.Exists(Path.Combine(path, "pg_ctl")))
            ?? throw new InvalidOperationException("These tests start their own PostgreSQL, and none is installed. ./test.sh installs it.");
    }

    private static (string Name, string Group)? FindAccount()
    {
        if (Environment.UserName != "root") return null;
        // name:password:uid:gid:...
        var accounts = File.ReadAllLines("/etc/passwd").Select(line => line.Split(':')).ToDictionary(line => line[0], StringComparer.Ordinal);
        var account = accounts.GetValueOrDefault("postgres") ?? accounts["nobody"];
        return (account[0], account[3]);
    }

    private string[] StopArguments(string mode) => ["-D", Data, "-w", "-t", "60", "-m", mode, "stop"];

    private string[] AsServer(string program, string[] arguments) => _account is var (name, group)
        ? ["setpriv", "--reuid", name, "--regid", group, "--clear-groups", Path.Combine(_bin, program), .. arguments]
        : [Path.Combine(_bin, program), .. arguments];

    private Task RunAsServerAsync(string program, params string[] arguments) => RunAsync(AsServer(program, arguments));

    private async Task RunAsync(params string[] command)
    {
        // The server inherits the output: were it a pipe, its end would be waited for. What it says is in its own log.
        var start = new ProcessStartInfo("/bin/sh")
        {
            ArgumentList = { "-c", "exec \"$@\" >>\"$0\" 2>&1 </dev/null", Path.Combine(_directory, "output") },
            WorkingDirectory = _directory,
        };
        foreach (var argument in command) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException(
                $"{string.Join(' ', command)} ended with {process.ExitCode}: {await File.ReadAllTextAsync(Path.Combine(_directory, "output"))}");
        }
    }
}
