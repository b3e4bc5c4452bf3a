using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Sales;
using TransactionPipeline.Core.Watch;

namespace TransactionPipeline.Web.Dashboard;

/// <summary>Takes a request of the page from its filters to the answers and on to the page of its state.</summary>
internal sealed partial class DashboardService(
    IKeyOwner owner, INewestMonth newest, MonthlySales monthly, IReadOnlyDictionary<Mart, IMartSource> marts,
    TimeProvider time, IOptions<DashboardOptions> options, ILogger<DashboardService> logger)
{
    /// <summary>The page for the filters in <paramref name="query"/>, its status code, and with 503 the seconds to wait.</summary>
    /// <param name="query">The query string.</param>
    /// <param name="userName">Who asks.</param>
    /// <param name="signOut">See <see cref="DashboardPage.SignOut"/>.</param>
    /// <param name="cancellationToken">The caller has gone.</param>
    public async Task<(DashboardPage Page, int Status, int? RetryAfter)> AnswerAsync(
        IQueryCollection query, string? userName, FormToken? signOut, CancellationToken cancellationToken)
    {
        var filters = new DashboardFilters(query);
        // The age of the data is told as of the moment when it is known, so the time is read after the answers.
        DashboardPageBuilder Builder() => new(filters, time.GetUtcNow()) { UserName = userName, SignOut = signOut, PageSize = options.Value.PageSize };
        try
        {
            if (!filters.AreValid) return (Builder().Invalid(), StatusCodes.Status422UnprocessableEntity, null);
            if ((filters.Month ?? await newest.GetAsync(filters.Mart, cancellationToken)) is not { } month)
                return (Builder().Empty(), StatusCodes.Status200OK, null);

            var question = filters.ToQuery(month);
            var answer = await owner.GetAsync(question.Key, CacheDemand.Default, cancellationToken);
            var trend = await TrendAsync(question, cancellationToken);
            var page = Builder().Answer(question, answer, StoreOf(filters.Mart), trend);
            LogShown(userName, filters.Mart, filters.Prefix, month, answer.Snapshot.Rows.Count, answer.Result);
            return (page, StatusCodes.Status200OK, null);
        }
        catch (MissingColumnException missing)
        {
            filters.Refuse(missing.Parameter, "cannot be used: this mart does not know the number of pieces.");
            return (Builder().Invalid(), StatusCodes.Status422UnprocessableEntity, null);
        }
        catch (MartException failure)
        {
            LogFailed(filters.Mart, failure.Message, failure);
            if (failure.Failure != MartFailure.Unavailable) return (Builder().Failed(failure), StatusCodes.Status500InternalServerError, null);
            var seconds = (int)Math.Max(1, Math.Ceiling((failure.RetryAfter ?? TimeSpan.FromSeconds(5)).TotalSeconds));
            return (Builder().Failed(failure), StatusCodes.Status503ServiceUnavailable, seconds);
        }
    }

    private async Task<TrendAnswer> TrendAsync(SalesQuery question, CancellationToken cancellationToken)
    {
        try
        {
            var range = MonthRange.EndingWith(question.Month, ChartViews.TrendMonths);
            return new TrendAnswer(await monthly.GetAsync(question.Mart, question.Prefix, range, CacheDemand.Default, cancellationToken));
        }
        catch (MartException failure)
        {
            // The month itself is there: it is shown, and the chart's place says what is missing.
            LogFailed(question.Mart, failure.Message, failure);
            return new TrendAnswer(Months: null, failure.Message);
        }
    }

    private string StoreOf(Mart mart) => marts[mart].Store;

    [LoggerMessage(EventId = 4011, Level = LogLevel.Information,
        Message = "User {User} opened the dashboard: {Mart} mart, prefix {Prefix}, month {Month}: {Rows} rows, {CacheResult}")]
    private partial void LogShown(string? user, Mart mart, string prefix, Month month, int rows, CacheResult cacheResult);

    [LoggerMessage(EventId = 4012, Level = LogLevel.Warning, Message = "The dashboard could not read the {Mart} mart: {Reason}")]
    private partial void LogFailed(Mart mart, string reason, Exception failure);
}
