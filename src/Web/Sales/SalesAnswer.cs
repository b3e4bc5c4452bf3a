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

        CacheHeaders.Write(http.Response, answer, options.Value, time.GetUtcNow());
        if (http.Request.Headers.IfNoneMatch.Count > 0 && CacheHeaders.IsKnown(http.Request, http.Response.Headers.ETag.ToString()))
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return 0;
        }

        http.Response.ContentType = format.ContentType();
        switch (format)
        {
            case AnswerFormat.Csv:
                return await StreamAsync(filtered, counted => RowWriter.WriteCsvAsync(http.Response.Body, counted, http.RequestAborted));
            case AnswerFormat.NdJson:
                return await StreamAsync(filtered, counted => RowWriter.WriteNdJsonAsync(http.Response.BodyWriter, counted, http.RequestAborted));
            default:
                return query.IsWhole && parameters is { Cursor: null, Limit: SalesParameters.DefaultLimit }
                    ? await WriteCommonAsync(http, CommonAnswer.Of(rows))
                    : await WritePageAsync(http, SalesView.Page(rows, query, parameters.Limit, parameters.Cursor));
        }
    }

    private static async Task<int> WriteCommonAsync(HttpContext http, CommonAnswer common)
    {
        Link(http, common.Next);
        var (bytes, coding) = common.For(http.Request);
        if (coding is not null) http.Response.Headers.ContentEncoding = coding;
        http.Response.ContentLength = bytes.Length;
        await http.Response.BodyWriter.WriteAsync(bytes, http.RequestAborted);
        return common.Count;
    }

    private static async Task<int> WritePageAsync(HttpContext http, SalesPage page)
    {
        Link(http, page.Next);
        await RowWriter.WriteJsonAsync(http.Response.BodyWriter, page.Rows, http.RequestAborted);
        return page.Rows.Count;
    }

    private static async Task<int> StreamAsync<T>(IEnumerable<T> rows, Func<IEnumerable<T>, Task> write)
    {
        var count = 0;
        await write(rows.Select(row =>
        {
            count++;
            return row;
        }));
        return count;
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
