using System.Globalization;
using Microsoft.Net.Http.Headers;
using TransactionPipeline.Core.Cache;

namespace TransactionPipeline.Web.Sales;

/// <summary>What a caller may ask of the cache and what every answer tells of it: RFC 9110, 9111 and 9211.</summary>
internal static class CacheHeaders
{
    private const string CacheName = "TransactionPipeline";
    private const string StaleIfError = "detail=stale-if-error";

    // Signed-in answers stay out of shared caches; a private one asks again and is told 304.
    private const string CacheControl = "private, no-cache";
    private const string Vary = "Accept, Accept-Encoding, Authorization, Cookie";

    /// <summary>The request's <c>Cache-Control</c> and <c>If-None-Match</c> as a demand.</summary>
    /// <param name="request">The request.</param>
    /// <param name="versions">Says which versions nobody can have issued; those are ignored.</param>
    public static CacheDemand ReadDemand(HttpRequest request, VersionClock versions)
    {
        var demand = CacheDemand.Default;
        if (request.Headers.CacheControl.Count > 0
            && CacheControlHeaderValue.TryParse(request.Headers.CacheControl.ToString(), out var control))
        {
            var maxAge = control.NoCache || control.NoStore ? TimeSpan.Zero : control.MaxAge;
            demand = new CacheDemand(maxAge, control.OnlyIfCached);
        }
        foreach (var tag in Tags(request))
        {
            // The tag is the version: an answer older than what the caller has seen must not be served to it.
            if (SnapshotVersion.TryParse(tag.Tag.AsSpan().Trim('"'), out var version) && versions.MayHaveBeenIssued(version)
                && version > demand.MinVersion) demand = demand with { MinVersion = version };
        }
        return demand;
    }

    /// <summary>Tells the answer's identity, age and origin.</summary>
    public static void Write(HttpResponse response, in AnswerOrigin origin, CacheOptions options, DateTimeOffset now)
    {
        var headers = response.Headers;
        var age = now > origin.CheckedAt ? now - origin.CheckedAt : TimeSpan.Zero;
        headers.ETag = origin.ETag;
        headers.Age = ((long)age.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        headers.CacheControl = CacheControl;
        headers.Vary = Vary;
        headers["Cache-Status"] = Status(origin.Result, (long)(options.FreshForSeconds - age.TotalSeconds));
        headers["X-Data-As-Of"] = origin.DataAsOf.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
    }

    /// <summary>Tells that the mart is empty: it was asked just now, and will be the next time, so that the first rows show at once.</summary>
    public static void WriteEmpty(HttpResponse response)
    {
        response.Headers.CacheControl = "no-store";
        response.Headers.Vary = Vary;
        response.Headers["Cache-Status"] = $"{CacheName}; fwd=miss";
    }

    /// <summary>Answers 304 when the caller has this very answer already; false when it has not.</summary>
    public static bool IsNotModified(HttpContext http)
    {
        if (http.Request.Headers.IfNoneMatch.Count == 0) return false;
        var etag = EntityTagHeaderValue.Parse(http.Response.Headers.ETag.ToString());
        if (!Tags(http.Request).Any(tag => tag.Tag == "*" || tag.Compare(etag, useStrongComparison: false))) return false;
        http.Response.StatusCode = StatusCodes.Status304NotModified;
        return true;
    }

    /// <summary>
    /// Answers 304 to a caller that has a newer version than there is here: the last good answer while its mart cannot be asked. When that
    /// was last known to be right nobody here knows, so no age is told.
    /// </summary>
    public static void WriteKept(HttpResponse response, SnapshotVersion version)
    {
        response.StatusCode = StatusCodes.Status304NotModified;
        response.Headers.ETag = AnswerOrigin.TagOf(version);
        response.Headers.CacheControl = CacheControl;
        response.Headers.Vary = Vary;
        response.Headers["Cache-Status"] = $"{CacheName}; hit; {StaleIfError}";
    }

    private static string Status(CacheResult result, long ttl) => result switch
    {
        CacheResult.Hit => $"{CacheName}; hit; ttl={ttl}",
        CacheResult.Stale => $"{CacheName}; hit; ttl={ttl}; detail=stale-while-revalidate",
        CacheResult.Revalidated => $"{CacheName}; fwd=stale; fwd-status=304; ttl={ttl}",
        CacheResult.Miss => $"{CacheName}; fwd=miss; stored; ttl={ttl}",
        _ => $"{CacheName}; hit; ttl={ttl}; {StaleIfError}",
    };

    private static IList<EntityTagHeaderValue> Tags(HttpRequest request) =>
        request.Headers.IfNoneMatch.Count > 0 && EntityTagHeaderValue.TryParseList(request.Headers.IfNoneMatch, out var tags) ? tags : [];
}
