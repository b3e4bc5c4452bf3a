using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using TransactionPipeline.Contract.History;
using TransactionPipeline.Core.Cache;

namespace TransactionPipeline.Contract.Chaos;

/// <summary>Asks a silo over HTTP, and writes down the question and what came of it.</summary>
internal sealed class Asker(Observer observer, AuthenticationHeaderValue token) : IDisposable
{
    // Longer than anything takes that is bounded at all; who has had no answer by then has none.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    // How long a process that ends by itself may be deaf before it has ended.
    private static readonly TimeSpan Dying = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Asks; the answer, or null when there was none.</summary>
    /// <param name="client">Who asks.</param>
    /// <param name="silo">Who is asked.</param>
    /// <param name="key">For what.</param>
    /// <param name="demand">What kind of answer will do.</param>
    /// <param name="leavesAfter">When the client goes away; null when it stays.</param>
    public async Task<Answered?> AskAsync(string client, ChaosSilo silo, AnswerKey key, Demand demand, TimeSpan? leavesAfter = null)
    {
        var harms = silo.Harms;
        var wasHarmed = silo.IsHarmed;
        using var request = RequestOf(silo, key, demand);
        using var leaves = new CancellationTokenSource(leavesAfter ?? Patience, TimeProvider.System);
        var id = observer.NextQuestion();
        var asked = observer.Note(at => new Asked(at, id, client, silo.Name, key, demand.MaxAge, demand.OnlyIfCached, demand.IfNoneMatch));
        try
        {
            using var response = await _http.SendAsync(request, leaves.Token);
            var rows = response.StatusCode == HttpStatusCode.OK ? observer.Share(await ReadAsync(response, leaves.Token)) : null;
            var (version, origin, age, asOf) = TellOf(response);
            return observer.Note(at => new Answered(at, id, (int)response.StatusCode, version, origin, age, asOf, rows)
            {
                // A process may have stood still between telling its answer's age and sending it.
                WrittenAt = asked.At,
            });
        }
        catch (Exception cut) when (cut is HttpRequestException or IOException or OperationCanceledException)
        {
            var isGone = leavesAfter is not null && leaves.IsCancellationRequested;
            if (isGone || wasHarmed || silo.IsHarmed || silo.Harms != harms || await EndsAsync(silo)) observer.Note(at => new Abandoned(at, id));
            return null;
        }
    }

    public void Dispose() => _http.Dispose();

    private static async Task<bool> EndsAsync(ChaosSilo silo)
    {
        using var limit = new CancellationTokenSource(Dying, TimeProvider.System);
        return await silo.Process.EndsAsync(limit.Token);
    }

    private HttpRequestMessage RequestOf(ChaosSilo silo, AnswerKey key, Demand demand)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(silo.Process.Address, ChaosKeys.QuestionOf(key)));
        request.Headers.Authorization = token;
        if (demand.MaxAge is not null || demand.OnlyIfCached)
        {
            request.Headers.CacheControl = new()
            {
                NoCache = demand.MaxAge == TimeSpan.Zero,
                MaxAge = demand.MaxAge == TimeSpan.Zero ? null : demand.MaxAge,
                OnlyIfCached = demand.OnlyIfCached,
            };
        }
        if (demand.IfNoneMatch is { } seen) request.Headers.TryAddWithoutValidation("If-None-Match", $"W/\"{seen}\"");
        return request;
    }

    private static async Task<string> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using var rows = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(cancellationToken), cancellationToken: cancellationToken);
        return SaleRow.Text(rows.RootElement.EnumerateArray().Select(row => new SaleRow(
            row.GetProperty("product").GetString()!, row.GetProperty("total_amount").GetDecimal().ToString("0.####", CultureInfo.InvariantCulture))));
    }

    private static (AnswerVersion? Version, AnswerOrigin? Origin, TimeSpan? Age, DateTimeOffset? DataAsOf) TellOf(HttpResponseMessage response)
    {
        if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.NotModified)) return default;
        if (!SnapshotVersion.TryParse(response.Headers.ETag!.Tag.AsSpan().Trim('"'), out var version))
            throw new FormatException($"The ETag {response.Headers.ETag} is no version.");
        var asOf = response.Headers.TryGetValues("X-Data-As-Of", out var values)
            ? DateTimeOffset.Parse(values.Single(), CultureInfo.InvariantCulture)
            : default(DateTimeOffset?);
        return (new(version.Time, version.Issuer), OriginOf(response.Headers.GetValues("Cache-Status").Single()), response.Headers.Age, asOf);
    }

    private static AnswerOrigin OriginOf(string status) => status switch
    {
        _ when status.Contains("fwd=miss", StringComparison.Ordinal) => AnswerOrigin.Miss,
        _ when status.Contains("fwd=stale", StringComparison.Ordinal) => AnswerOrigin.Revalidated,
        _ when status.Contains("stale-if-error", StringComparison.Ordinal) => AnswerOrigin.StaleIfError,
        _ when status.Contains("stale-while-revalidate", StringComparison.Ordinal) => AnswerOrigin.Stale,
        _ when status.Contains("; hit", StringComparison.Ordinal) => AnswerOrigin.Hit,
        _ => throw new FormatException($"The Cache-Status {status} tells no origin."),
    };
}

/// <summary>What kind of answer a client will take.</summary>
/// <param name="MaxAge">The oldest, 0 for a check; null when it says nothing.</param>
/// <param name="OnlyIfCached">Nothing is to be done for it.</param>
/// <param name="IfNoneMatch">What it has.</param>
internal readonly record struct Demand(TimeSpan? MaxAge = null, bool OnlyIfCached = false, AnswerVersion? IfNoneMatch = null);
