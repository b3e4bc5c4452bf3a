using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using TransactionPipeline.Core.Cache;
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
            ? await WriteCommonAsync(http, CommonAnswer.Of(rows))
            : await WritePageAsync(http, SalesView.Page(rows, query, parameters.Limit, parameters.Cursor));
    }

    private static async Task<int> WriteCommonAsync(HttpContext http, CommonAnswer common)
    {
        Link(http, common.Next);
        http.Response.ContentType = AnswerFormat.Json.ContentType();
        var (bytes, coding) = common.For(http.Request);
        if (coding is not null) http.Response.Headers.ContentEncoding = coding;
        http.Response.ContentLength = bytes.Length;
        await http.Response.BodyWriter.WriteAsync(bytes, http.RequestAborted);
        return common.Count;
    }

    private static async Task<int> WritePageAsync(HttpContext http, SalesPage page)
    {
        Link(http, page.Next);
        return await RowWriter.WriteAsync(http, AnswerFormat.Json, RowShapes.Sales, page.Rows);
    }

    private static void Link(HttpContext http, SalesCursor? next)
    {
        if (next is null) return;
        var query = http.Request.Query
            .Where(parameter => parameter.Key != "cursor")
            .Append(new("cursor", next.Encode()));
        http.Response.Headers.Link = $"<{QueryHelpers.AddQueryString(http.Request.PathBase + http.Request.Path, query)}>; rel=\"next\"";
    }
}
