using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Core.Sales;

namespace TransactionPipeline.Web.Sales;

/// <summary>The last room of a request: a snapshot and a question become headers and bytes.</summary>
internal sealed class SalesAnswer(IOptions<CacheOptions> options, TimeProvider time)
{
    /// <summary>Writes the answer, or 304 when the caller has it.</summary>
    /// <returns>The rows written.</returns>
    /// <exception cref="MissingColumnException">A filter needs a column that the mart does not have; nothing was written.</exception>
    public async Task<int> WriteAsync(HttpContext http, CachedAnswer answer, SalesQuery query, SalesParameters parameters)
    {
        var format = AnswerFormats.Negotiate(http.Request);
        var rows = answer.Snapshot.Rows;
        // First of all: it may refuse the question, and then no header of an answer may stand.
        var filtered = query.IsWhole ? rows.All() : SalesView.Rows(rows, query);

        CacheHeaders.Write(http.Response, AnswerOrigin.Of(answer), options.Value, time.GetUtcNow());
        if (CacheHeaders.IsNotModified(http)) return 0;
        if (format != AnswerFormat.Json) return await RowWriter.WriteAsync(http, format, RowShapes.Sales, filtered);
        return query.IsWhole && parameters is { Cursor: null, Limit: SalesParameters.DefaultLimit }
            ? await WriteCommonAsync(http, query, CommonAnswer.Of(rows))
            : await WritePageAsync(http, query, rows, SalesView.Page(rows, query, parameters.Limit, parameters.Cursor?.EndIn(rows) ?? 0));
    }

    private static async Task<int> WriteCommonAsync(HttpContext http, SalesQuery query, CommonAnswer common)
    {
        Link(http, query, common.Next);
        http.Response.ContentType = AnswerFormat.Json.ContentType();
        var (bytes, coding) = common.For(http.Request);
        if (coding is not null) http.Response.Headers.ContentEncoding = coding;
        http.Response.ContentLength = bytes.Length;
        await http.Response.BodyWriter.WriteAsync(bytes, http.RequestAborted);
        return common.Count;
    }

    private static async Task<int> WritePageAsync(HttpContext http, SalesQuery query, MartRows rows, SalesPage page)
    {
        Link(http, query, page.Next is { } next ? SalesCursor.At(rows, next - 1) : null);
        return await RowWriter.WriteAsync(http, AnswerFormat.Json, RowShapes.Sales, page.Rows);
    }

    private static void Link(HttpContext http, SalesQuery query, SalesCursor? next)
    {
        if (next is null) return;
        var asked = http.Request.Query;
        var parameters = asked.Where(parameter => parameter.Key != "cursor").Append(new("cursor", next.Encode()));
        // The newest month may be another by then, and a page of it is no page of this one.
        if (!asked.ContainsKey("sale_month") && !asked.ContainsKey("month"))
            parameters = parameters.Prepend(new("sale_month", query.Month.ToString()));
        http.Response.Headers.Link = $"<{QueryHelpers.AddQueryString(http.Request.PathBase + http.Request.Path, parameters)}>; rel=\"next\"";
    }
}
