using Microsoft.Extensions.Logging;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Cache;

public sealed partial class CachedQuery
{
    [LoggerMessage(1, LogLevel.Information, "Refreshed {Key}: version {Version}, {Rows} rows, queried: {Queried}, {Seconds:F3} s")]
    private static partial void LogRefreshed(ILogger logger, QueryKey key, SnapshotVersion version, int rows, bool queried, double seconds);

    [LoggerMessage(2, LogLevel.Warning, "Refresh of {Key} failed; the last good answer stays")]
    private static partial void LogRefreshFailed(ILogger logger, QueryKey key, MartException error);

    [LoggerMessage(3, LogLevel.Warning, "Refresh of {Key} came too late: its lease (fence {Fence}) is another's now; its rows are dropped")]
    private static partial void LogLeaseLost(ILogger logger, QueryKey key, long fence);

    [LoggerMessage(5, LogLevel.Information, "Refresh of {Key} is given up: nobody waits for it any more")]
    private static partial void LogGivenUp(ILogger logger, QueryKey key);

    [LoggerMessage(4, LogLevel.Warning, "The owner of {Key}, {Owner}, answered with version {Version} where {Known} is known; it is refreshed here")]
    private static partial void LogOwnerBehind(ILogger logger, QueryKey key, string owner, SnapshotVersion version, SnapshotVersion known);
}
