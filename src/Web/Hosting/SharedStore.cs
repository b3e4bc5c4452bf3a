using Npgsql;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Store.Postgres;

namespace TransactionPipeline.Web.Hosting;

/// <summary>Which store is the shared one; decided once, at start.</summary>
internal sealed partial class SharedStore
{
    private SharedStore(PostgresStore? postgres) => Postgres = postgres;

    /// <summary>PostgreSQL; null when the embedded file is the store.</summary>
    public PostgresStore? Postgres { get; }

    /// <exception cref="StartRefusedException">The setting is wrong, or PostgreSQL refuses and will go on refusing.</exception>
    public static SharedStore Choose(string setting, PostgresStore? postgres, ILogger<SharedStore> logger)
    {
        if (setting is not ("auto" or "postgres" or "sqlite"))
            throw new StartRefusedException($"shared_store is '{setting}'; it must be auto, postgres or sqlite.");
        if (setting == "postgres" && postgres is null)
            throw new StartRefusedException("shared_store is postgres, but data_warehouse:postgres has neither user and password nor a credentials_directory.");
        var chosen = setting == "sqlite" || postgres is null || !MayBeUsed(postgres, setting, logger) ? null : postgres;
        LogChosen(logger, chosen is null ? "sqlite" : "postgres");
        return new SharedStore(chosen);
    }

    // Waited for here, in the start of the process: whatever needs the store needs the decision first.
    private static bool MayBeUsed(PostgresStore postgres, string setting, ILogger<SharedStore> logger)
    {
        try
        {
            Task.Run(() => postgres.PrepareAsync(CancellationToken.None)).GetAwaiter().GetResult();
        }
        catch (PostgresFailure away) when (away.Kind == MartFailure.Transient)
        {
            // It will be there again, and until then this process goes on by itself.
            LogAway(logger, away);
        }
        catch (PostgresFailure readOnly) when (setting == "auto"
            && readOnly.SqlState is PostgresErrorCodes.InsufficientPrivilege or PostgresErrorCodes.ReadOnlySqlTransaction)
        {
            LogReadOnly(logger);
            return false;
        }
        catch (PostgresFailure refused)
        {
            throw new StartRefusedException(refused.Message);
        }
        return true;
    }

    [LoggerMessage(LogLevel.Information, "Users, snapshots, leases and runs are kept in {Store}")]
    private static partial void LogChosen(ILogger logger, string store);

    [LoggerMessage(LogLevel.Warning, "PostgreSQL does not answer yet")]
    private static partial void LogAway(ILogger logger, PostgresFailure failure);

    [LoggerMessage(LogLevel.Warning,
        "The PostgreSQL user may only read. Users, snapshots, leases and runs are kept on this machine, so replicas do not share them")]
    private static partial void LogReadOnly(ILogger logger);
}
