using System.Text.Json;

namespace TransactionPipeline.Web.Hosting;

/// <summary>How answers are written: names as in the tables, <c>batch_id</c>.</summary>
internal static class SnakeCase
{
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
}
