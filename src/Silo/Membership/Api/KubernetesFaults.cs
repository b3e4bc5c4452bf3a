using System.Net;
using System.Security.Authentication;
using System.Text.Json;
using TransactionPipeline.Silo.Membership.Resources;

namespace TransactionPipeline.Silo.Membership.Api;

/// <summary>Turns what came back, or did not, into the fault and the words that say what to mend.</summary>
internal static class KubernetesFaults
{
    public static KubernetesApiException FromAnswer(KubernetesCall call, HttpStatusCode code, string body, TimeSpan? retryAfter)
    {
        var status = ReadStatus(body);
        var said = status?.Message is { Length: > 0 } message ? $" The server says: {message}" : "";
        var (fault, words) = code switch
        {
            HttpStatusCode.Conflict => (KubernetesFault.Conflict, "conflicts with another write."),
            HttpStatusCode.Unauthorized => (
                KubernetesFault.Unauthorized,
                "was not signed in: the service account's token is missing, expired or of another cluster. Check automountServiceAccountToken of the pod."),
            HttpStatusCode.Forbidden => (
                KubernetesFault.Forbidden,
                $"is forbidden: the pod's service account lacks the RBAC rule apiGroups [{MembershipApi.Group}], resources [{call.Resource}], verbs [{call.Verb}] " +
                $"in namespace {call.Namespace}. The chart's Role has it (rbac.create)."),
            HttpStatusCode.NotFound => NotFound(call, status),
            HttpStatusCode.Gone => (KubernetesFault.Gone, "named a revision that the server has forgotten (410 Gone)."),
            HttpStatusCode.TooManyRequests => (KubernetesFault.TooManyRequests, "was turned away because the server is busy (429)."),
            >= HttpStatusCode.InternalServerError => (KubernetesFault.ServerError, $"failed in the server ({(int)code})."),
            _ => (KubernetesFault.Refused, $"was refused ({(int)code}): the installed CRD may be of another version than this program."),
        };
        return new KubernetesApiException(fault, $"{call} {words}{said}") { RetryAfter = retryAfter };
    }

    public static KubernetesApiException FromFailure(KubernetesCall call, Exception failure, Uri server) => failure switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } or AuthenticationException => new(
            KubernetesFault.Unreachable,
            $"{call}: the certificate of {server.Authority} is not signed by the cluster's CA (ca.crt of the service account).",
            failure),
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError } => new(
            KubernetesFault.Unreachable,
            $"{call}: no connection to the API server at {server.Authority}. Is it up, and does the NetworkPolicy let the pod reach it?",
            failure),
        JsonException => new(KubernetesFault.Unreadable, $"{call}: the answer is not what the API promises ({failure.Message}).", failure),
        _ => new(KubernetesFault.CutOff, $"{call}: the answer was cut off. A write may have been carried out all the same.", failure),
    };

    public static KubernetesApiException TimedOut(KubernetesCall call, TimeSpan limit, Exception failure) => new(
        KubernetesFault.TimedOut,
        $"{call}: no whole answer within {limit.TotalSeconds:0.###} s. A write may have been carried out all the same.",
        failure);

    // The server answers 404 in three ways: plain text when it doesn't serve the kind at all, and a Status that names either the
    // namespace or the object.
    private static (KubernetesFault Fault, string Words) NotFound(KubernetesCall call, StatusAnswer? status) => status switch
    {
        null or { Details: null } => (
            KubernetesFault.UnknownKind,
            $"is unknown to the server: the CRD {call.Resource}.{MembershipApi.Group} is not installed. It is in the chart's folder crds/."),
        { Details.Kind: "namespaces" } => (KubernetesFault.NamespaceMissing, $"failed: the namespace {call.Namespace} does not exist."),
        _ => (KubernetesFault.NotFound, "found no such object."),
    };

    private static StatusAnswer? ReadStatus(string body)
    {
        try
        {
            var status = JsonSerializer.Deserialize(body, MembershipJson.Default.StatusAnswer);
            return status is { Kind: "Status" } ? status : null;
        }
        catch (JsonException)
        {
            return null; // Proxies and the server's own mux answer in plain text.
        }
    }
}
