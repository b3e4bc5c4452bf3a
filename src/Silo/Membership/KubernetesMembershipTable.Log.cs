namespace TransactionPipeline.Silo.Membership;

internal sealed partial class KubernetesMembershipTable
{
    [LoggerMessage(Level = LogLevel.Information, Message = "The membership table of cluster {ClusterId} is ready")]
    private partial void LogReady(string clusterId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The start waits for the API server: {Reason}")]
    private partial void LogWaiting(string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Membership {What} of {Silo} written as version {Version}")]
    private partial void LogWritten(string what, string silo, int version);

    [LoggerMessage(
        Level = LogLevel.Debug, Message = "Membership {What} of {Silo} as version {Version} came too late: the table was at {Current}")]
    private partial void LogRefused(string what, string silo, int version, int current);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} silos not heard of since {Before} are out of the membership table")]
    private partial void LogCleaned(int count, DateTimeOffset before);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The membership table of cluster {ClusterId} is deleted")]
    private partial void LogDeleted(string clusterId);
}
