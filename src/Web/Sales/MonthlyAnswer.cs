using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Sales;

namespace TransactionPipeline.Web.Sales;

/// <summary><c>/sales/monthly</c>: the totals behind a chart, from the same snapshots as the other routes.</summary>
internal sealed class MonthlyAnswer(MonthlySales sales, INewestMonth newestMonth, IOptions<CacheOptions> options, TimeProvider time)
{
    private const int DefaultMonths = 12;

    public async Task<IResult> AnswerAsync(HttpContext http)
    {
        var errors = new ParameterErrors();
        var (mart, prefix, from, to) = Parse(http.Request.Query, errors);
        if (errors.Any) return TypedResults.Problem(errors.ToProblem());

        to ??= from is null
            ? await newestMonth.GetAsync(mart, http.RequestAborted)
            : Core.Marts.Month.Of(DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime));
        if (to is null) return TypedResults.Json(Array.Empty<MonthlyRow>());
        if (from > to) from = to;
        from ??= to.Value.AddMonths(1 - DefaultMonths);

        var totals = await sales.GetAsync(mart, prefix, from.Value, to.Value, CacheHeaders.ReadDemand(http.Request) with { MinVersion = 0 }, http.RequestAborted);
        var oldest = totals.MinBy(total => total.Answer.Snapshot.CheckedAt)!;
        CacheHeaders.Write(http.Response, oldest.Answer, options.Value, time.GetUtcNow());
        var etag = ETag(totals);
        http.Response.Headers.ETag = etag;
        if (CacheHeaders.IsKnown(http.Request, etag)) return TypedResults.StatusCode(StatusCodes.Status304NotModified);
        return TypedResults.Json(totals.Select(total => new MonthlyRow(
            total.Month.FirstDay, total.TotalAmount, total.TransactionCount, total.TotalQuantity)));
    }

    private static (Mart Mart, string Prefix, Month? From, Month? To) Parse(IQueryCollection query, ParameterErrors errors)
    {
        var (mart, prefix, from, to) = (Mart.Warehouse, SalesParameters.DefaultPrefix, (Month?)null, (Month?)null);
        foreach (var (name, values) in query)
        {
            var value = values.ToString();
            switch (name)
            {
                case "mart":
                    if (!MartNames.TryParse(value, out mart)) errors.Add(name, "must be warehouse or operational.");
                    break;
                case "product_prefix": prefix = SalesParameters.ReadPrefix(name, value, errors); break;
                case "from": from = SalesParameters.ReadMonth(name, value, errors); break;
                case "to": to = SalesParameters.ReadMonth(name, value, errors); break;
                default: errors.Add(name, "is not a parameter; there are product_prefix, from, to, mart."); break;
            }
        }
        if (from > to) errors.Add("from", "must not be after to.");
        if (from is { } first && to is { } last && first.AddMonths(MonthlySales.MaxMonths - 1) < last)
            errors.Add("to", $"must be at most {MonthlySales.MaxMonths} months from from.");
        return (mart, prefix, from, to);
    }

    private static string ETag(IReadOnlyList<MonthTotal> totals) =>
        $"W/\"m{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(' ', totals.Select(total => CacheHeaders.ETag(total.Answer.Snapshot))))))[..16]}\"";

    /// <summary>One month of the answer.</summary>
    internal sealed record MonthlyRow(
        [property: JsonPropertyName("sale_month")] DateOnly SaleMonth,
        [property: JsonPropertyName("total_amount")] decimal TotalAmount,
        [property: JsonPropertyName("transaction_count")] long TransactionCount,
        [property: JsonPropertyName("total_quantity")] long? TotalQuantity);
}
