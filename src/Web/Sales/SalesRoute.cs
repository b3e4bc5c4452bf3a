using System.Globalization;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Web.Sales;

/// <summary>One request of a sales route, from query string to bytes.</summary>
internal sealed class SalesRoute(IKeyOwner owner, INewestMonth newestMonth, SalesAnswer answers, VersionClock versions)
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
        var answer = await owner.GetAsync(query.Key, CacheHeaders.ReadDemand(http.Request, versions), http.RequestAborted);
        var rows = await answers.WriteAsync(http, answer, query, parameters);
        http.Features.Set(new RetrievedRows(
            rows, kind, parameters.Prefix, parameters.Day?.ToString("O", CultureInfo.InvariantCulture) ?? month.Value.ToString(),
            answer.Result.Word(), answer.Snapshot.Version));
        return TypedResults.Empty;
    }
}
