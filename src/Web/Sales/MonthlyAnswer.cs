using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Sales;
using TransactionPipeline.Core.Watch;

namespace TransactionPipeline.Web.Sales;

/// <summary><c>/sales/monthly</c>: the totals behind a chart, from the same snapshots as the other routes.</summary>
internal sealed class MonthlyAnswer(MonthlySales sales, INewestMonth newestMonth, VersionClock versions, IOptions<CacheOptions> options, TimeProvider time)
{
    private const string Kind = "monthly ";

    public async Task<IResult> AnswerAsync(HttpContext http)
    {
        var errors = new ParameterErrors();
        var parameters = MonthlyParameters.Parse(http.Request.Query, errors);
        if (errors.Any) return TypedResults.Problem(errors.ToProblem());

        if ((parameters.To ?? await newestMonth.GetAsync(parameters.Mart, http.RequestAborted)) is not { } to)
            return await EmptyMart.AnswerAsync(http, RowShapes.Months, Kind, parameters.Prefix);
        var range = parameters.ToRange(to, errors);
        if (errors.Any) return TypedResults.Problem(errors.ToProblem());

        // A tag of several snapshots names no version of any.
        var demand = CacheHeaders.ReadDemand(http.Request, versions) with { MinVersion = default };
        var totals = await sales.GetAsync(parameters.Mart, parameters.Prefix, range, demand, http.RequestAborted);
        var origin = AnswerOrigin.Of(totals.Select(total => total.Answer).ToList());
        CacheHeaders.Write(http.Response, origin, options.Value, time.GetUtcNow());
        var rows = CacheHeaders.IsNotModified(http)
            ? 0
            : await RowWriter.WriteAsync(http, AnswerFormats.Negotiate(http.Request), RowShapes.Months, totals);
        http.Features.Set(new RetrievedRows(
            rows, Kind, parameters.Prefix, $"{range.From} to {range.To}", origin.Result.Word(),
            totals.Max(total => total.Answer.Snapshot.Version)));
        return TypedResults.Empty;
    }
}
