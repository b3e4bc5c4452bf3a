using Microsoft.Net.Http.Headers;

namespace TransactionPipeline.Web.Sales;

/// <summary>How rows are written: JSON a page at a time, CSV and NDJSON whole, as a stream.</summary>
internal enum AnswerFormat
{
    Json,
    Csv,
    NdJson,
}

internal static class AnswerFormats
{
    public static string ContentType(this AnswerFormat format) => format switch
    {
        AnswerFormat.Csv => "text/csv; charset=utf-8",
        AnswerFormat.NdJson => "application/x-ndjson",
        _ => "application/json",
    };

    /// <summary>What the caller likes best; JSON when it did not say, or likes none of them.</summary>
    public static AnswerFormat Negotiate(HttpRequest request)
    {
        var accept = request.Headers.Accept;
        if (accept.Count == 0 || (accept.Count == 1 && accept[0] is "*/*" or "application/json")) return AnswerFormat.Json;
        if (!MediaTypeHeaderValue.TryParseList(accept, out var wanted)) return AnswerFormat.Json;
        foreach (var type in wanted.OrderByDescending(type => type.Quality ?? 1))
        {
            if (type.Quality == 0) continue;
            if (type.MediaType.Equals("text/csv", StringComparison.OrdinalIgnoreCase)) return AnswerFormat.Csv;
            if (type.MediaType.Equals("application/x-ndjson", StringComparison.OrdinalIgnoreCase)) return AnswerFormat.NdJson;
            if (type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase) || type.MatchesAllTypes) return AnswerFormat.Json;
        }
        return AnswerFormat.Json;
    }
}
