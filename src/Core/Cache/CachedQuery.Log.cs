using Microsoft.Extensions.Logging;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Cache;

public sealed partial class CachedQuery
{
    [LoggerMessage(1, LogLevel.Information, "Refreshed {Key}: version {Version}, {Rows} rows, queried: {Queried}, {Seconds:F3} s")]
    private partial void LogRefreshed(QueryKey key, long version, int rows, bool queried, double seconds);

    [LoggerMessage(2, LogLevel.Warning, "Refresh of {Key} failed; the last good answer stays")]
    private partial void LogRefreshFailed(QueryKey key, MartException error);

    [LoggerMessage(3, LogLevel.Warning, "Refresh of {Key} came too late: its lease (fence {Fence}) is another's now; its rows are dropped")]
    private partial void LogLeaseLost(QueryKey key, long fence);
}
