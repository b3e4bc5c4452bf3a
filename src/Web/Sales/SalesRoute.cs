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

        var month = parameters.Month ?? await newestMonth.GetAsync(mart, http.RequestAborted);
        var kind = mart == Mart.Operational ? "PostgreSQL " : "";
        if (month is null) return await EmptyMart.AnswerAsync(http, RowShapes.Sales, kind, parameters.Prefix);

        var query = parameters.ToQuery(month.Value);
        var demand = CacheHeaders.ReadDemand(http.Request, versions);
        try
        {
            var answer = await owner.GetAsync(query.Key, demand, http.RequestAborted);
            Tell(await answers.WriteAsync(http, answer, query, parameters), answer.Result, answer.Snapshot.Version);
        }
        // What the caller has is the last good answer, when all that is held here is older.
        catch (MartException) when (versions.AgeOf(demand.MinVersion) is var age && age >= TimeSpan.Zero && age.TotalSeconds <= options.Value.MaxStaleOnErrorSeconds)
        {
            CacheHeaders.WriteKept(http.Response, demand.MinVersion);
            Tell(0, CacheResult.StaleOnError, demand.MinVersion);
        }
        return TypedResults.Empty;

        void Tell(int rows, CacheResult result, SnapshotVersion version) => http.Features.Set(new RetrievedRows(
            rows, kind, parameters.Prefix, parameters.Day?.ToString("O", CultureInfo.InvariantCulture) ?? month.Value.ToString(), result.Word(), version));
    }
}
