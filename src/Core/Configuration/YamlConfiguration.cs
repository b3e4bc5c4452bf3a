using Microsoft.Extensions.Configuration;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace TransactionPipeline.Core.Configuration;

/// <summary>Lets <c>pipeline_config.yaml</c> be a configuration source: nested names become <c>a:b</c>, list items <c>a:0</c>.</summary>
public static class YamlConfiguration
{
    /// <summary>Adds the YAML file at <paramref name="path"/>.</summary>
    /// <exception cref="InvalidDataException">The file is not there or is not YAML; says where it breaks.</exception>
    public static IConfigurationBuilder AddYamlFile(this IConfigurationBuilder builder, string path) =>
        builder.AddInMemoryCollection(Read(path));

    private static List<KeyValuePair<string, string?>> Read(string path)
    {
        var settings = new List<KeyValuePair<string, string?>>();
        try
        {
            using var reader = File.OpenText(path);
            var yaml = new YamlStream();
            yaml.Load(reader);
            foreach (var document in yaml.Documents) Flatten("", document.RootNode, settings);
        }
        catch (YamlException broken)
        {
            throw new InvalidDataException($"{path} is not valid YAML: line {broken.Start.Line}: {broken.Message}", broken);
        }
        // What the scanner throws at some plain scalars that are cut off.
        catch (InvalidOperationException broken)
        {
            throw new InvalidDataException($"{path} is not valid YAML.", broken);
        }
        catch (Exception missing) when (missing is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"The configuration file {path} cannot be read; give another with pipeline_config=FILE.", missing);
        }
        return settings;
    }

    private static void Flatten(string prefix, YamlNode node, List<KeyValuePair<string, string?>> settings)
    {
        switch (node)
        {
            case YamlMappingNode mapping:
                foreach (var (name, value) in mapping.Children)
                    Flatten(Join(prefix, name.ToString()), value, settings);
                break;
            case YamlSequenceNode sequence:
                for (var i = 0; i < sequence.Children.Count; i++) Flatten(Join(prefix, $"{i}"), sequence.Children[i], settings);
                break;
            case YamlScalarNode scalar:
                settings.Add(new(prefix, scalar.Value));
                break;
        }
    }

    private static string Join(string prefix, string? name) => prefix.Length == 0 ? name ?? "" : $"{prefix}:{name}";
}
