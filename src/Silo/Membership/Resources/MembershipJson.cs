using System.Text.Json;
using System.Text.Json.Serialization;

namespace TransactionPipeline.Silo.Membership.Resources;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SiloMembership))]
[JsonSerializable(typeof(SiloHeartbeat))]
[JsonSerializable(typeof(ListAnswer))]
[JsonSerializable(typeof(StatusAnswer))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class MembershipJson : JsonSerializerContext;
