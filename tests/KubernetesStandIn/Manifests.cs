using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace TransactionPipeline.KubernetesStandIn;

/// <summary>Reads YAML manifests as the JSON that the API speaks.</summary>
public static class Manifests
{
    /// <summary>The objects of a file, or of all .yaml files of a folder.</summary>
    public static IReadOnlyList<JsonObject> Load(string path)
    {
        var files = Directory.Exists(path) ? Directory.GetFiles(path, "*.yaml").Order(StringComparer.Ordinal).ToArray() : [path];
        return [.. files.SelectMany(file => Parse(File.ReadAllText(file)))];
    }

    public static IReadOnlyList<JsonObject> Parse(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return [.. stream.Documents.Select(document => ToJson(document.RootNode)).OfType<JsonObject>()];
    }

    private static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(pair => KeyValuePair.Create(((YamlScalarNode)pair.Key).Value!, ToJson(pair.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(ToJson)]),
        YamlScalarNode scalar => Scalar(scalar),
        _ => null,
    };

    private static JsonNode? Scalar(YamlScalarNode scalar)
    {
        var text = scalar.Value ?? "";
        // Quoted or block text is a string whatever it looks like.
        if (scalar.Style is not ScalarStyle.Plain) return JsonValue.Create(text);
        return text switch
        {
            "" or "~" or "null" => null,
            "true" => JsonValue.Create(true),
            "false" => JsonValue.Create(false),
            _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonNode.Parse(whole.ToString(CultureInfo.InvariantCulture)),
            _ when char.IsAsciiDigit(text[^1]) && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => JsonNode.Parse(number.ToString(CultureInfo.InvariantCulture)),
            _ => JsonValue.Create(text),
        };
    }
}
