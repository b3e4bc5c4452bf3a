using System.Text.Json;
using System.Text.Json.Nodes;
using TransactionPipeline.GoogleStandIn.Sql;

namespace TransactionPipeline.GoogleStandIn.BigQuery;

/// <summary>Reads <c>queryParameters</c>.</summary>
internal static class Parameters
{
    public static Parameter Read(JsonNode? node)
    {
        var name = node?["name"]?.GetValue<string>() ?? throw new SqlRefusedException("The stand-in takes named parameters.");
        var type = node["parameterType"]!["type"]!.GetValue<string>();
        if (type != "ARRAY") return new Parameter(name, Types.FromSchema(type), Value(node["parameterValue"]?["value"], type, name));
        var element = Types.FromSchema(node["parameterType"]!["arrayType"]!["type"]!.GetValue<string>());
        var values = (node["parameterValue"]?["arrayValues"]?.AsArray() ?? []).Select(item => Value(item?["value"], element, name));
        return new Parameter(name, "ARRAY", JsonSerializer.Serialize(values), element);
    }

    private static object? Value(JsonNode? value, string type, string name)
    {
        try
        {
            return Loads.Convert(value?.ToString(), new Column(name, Types.FromSchema(type)));
        }
        catch (SqlRefusedException refused)
        {
            throw new SqlRefusedException(refused.Message, "invalidQuery");
        }
    }
}
