using System.Globalization;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Watch;

namespace TransactionPipeline.Web.Sales;

/// <summary>One request of a sales route, from query string to bytes.</summary>
internal sealed class SalesRoute(IKeyOwner owner, INewestMonth newestMonth, SalesAnswer answers, VersionClock versions, IOptions<CacheOptions> options)
{
    public async Task<IResult> AnswerAsync(HttpContext http, Mart mart)
    {
        var errors = new ParameterErrors();
        var parameters = SalesParameters.Parse(mart, http.Request.Query, errors);
        if (errors.Any) return TypedResults.Problem(errors.ToProblem());

        var demand = CacheHeaders.ReadDemand(http.Request, versions);
        try
        {
            return await AnswerAsync(http, mart, parameters, demand);
        }
        // What the caller has is the last good answer, when all that is held here is older.
        catch (MartException) when (versions.AgeOf(demand.MinVersion).TotalSeconds <= options.Value.MaxStaleOnErrorSeconds)
        {
            CacheHeaders.WriteKept(http.Response, demand.MinVersion);
            Tell(http, mart, parameters, parameters.Month?.ToString() ?? "the newest month", 0, CacheResult.StaleOnError, demand.MinVersion);
            return TypedResults.Empty;
        }
    }

    private static string Kind(Mart mart) => mart == Mart.Operational ? "PostgreSQL " : "";

    private static void Tell(
        HttpContext http, Mart mart, SalesParameters parameters, string month, int rows, CacheResult result, SnapshotVersion version) =>
        http.Features.Set(new RetrievedRows(
            rows, Kind(mart), parameters.Prefix, parameters.Day?.ToString("O", CultureInfo.InvariantCulture) ?? month, result.Word(), version));

    private async Task<IResult> AnswerAsync(HttpContext http, Mart mart, SalesParameters parameters, CacheDemand demand)
    {
        var month = parameters.Month ?? await newestMonth.GetAsync(mart, http.RequestAborted);
        if (month is null) return await EmptyMart.AnswerAsync(http, RowShapes.Sales, Kind(mart), parameters.Prefix);

        var query = parameters.ToQuery(month.Value);
        var answer = await owner.GetAsync(query.Key, demand, http.RequestAborted);
        var rows = await answers.WriteAsync(http, answer, query, parameters);
        Tell(http, mart, parameters, month.Value.ToString(), rows, answer.Result, answer.Snapshot.Version);
        return TypedResults.Empty;
    }
}
