namespace TransactionPipeline.Web.Sales;

/// <summary>The answer of a mart that holds no month: no rows, in the format asked for.</summary>
internal static class EmptyMart
{
    public static async Task<IResult> AnswerAsync<T>(HttpContext http, RowShape<T> shape, string kind, string prefix)
    {
        CacheHeaders.WriteEmpty(http.Response);
        await RowWriter.WriteAsync(http, AnswerFormats.Negotiate(http.Request), shape, []);
        http.Features.Set(RetrievedRows.OfEmptyMart(kind, prefix));
        return TypedResults.Empty;
    }
}
