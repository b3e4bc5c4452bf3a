using System.Text.Json;
using System.Text.Json.Serialization;
using TransactionPipeline.KubernetesStandIn.Faults;

namespace TransactionPipeline.KubernetesStandIn.Http;

/// <summary>The switches for a stand-in in a process of its own, beside the Kubernetes API and never part of it.</summary>
internal static class Control
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    public static void MapControl(this WebApplication app, KubernetesStandInServer server)
    {
        var control = app.MapGroup("/stand-in");
        control.MapPost("/faults", async (HttpContext http) =>
        {
            server.Faults.Add((await http.Request.ReadFromJsonAsync<FaultRule>(Json, http.RequestAborted))!);
            return Results.NoContent();
        });
        control.MapDelete("/faults", () =>
        {
            server.Faults.Clear();
            return Results.NoContent();
        });
        control.MapPut("/rules", async (HttpContext http) =>
        {
            server.Rules = await http.Request.ReadFromJsonAsync<PolicyRule[]>(Json, http.RequestAborted);
            return Results.NoContent();
        });
        control.MapGet("/calls", () => Results.Json(server.Log.Calls, Json));
        control.MapDelete("/calls", () =>
        {
            server.Log.Clear();
            return Results.NoContent();
        });
        control.MapPost("/compact", () =>
        {
            server.Compact();
            return Results.NoContent();
        });
    }
}
