using System.Net;
using System.Net.Http.Headers;

namespace TransactionPipeline.Silo.Membership.Api;

/// <summary>Signs each call; after a 401 once more with the token that the kubelet may have written meanwhile.</summary>
internal sealed class ServiceAccountTokenHandler(ServiceAccountToken token, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var used = token.Current;
        Sign(request, used);
        var response = await base.SendAsync(request, cancellationToken);
        if (response.StatusCode != HttpStatusCode.Unauthorized || !token.Renew(used)) return response;

        // Bodies are byte arrays here, so the same request can be sent twice.
        response.Dispose();
        Sign(request, token.Current);
        return await base.SendAsync(request, cancellationToken);
    }

    private static void Sign(HttpRequestMessage request, string? value) =>
        request.Headers.Authorization = value is null ? null : new AuthenticationHeaderValue("Bearer", value);
}
