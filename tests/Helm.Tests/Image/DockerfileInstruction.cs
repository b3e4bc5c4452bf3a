using System.Text.RegularExpressions;

namespace TransactionPipeline.Helm.Tests.Image;

/// <summary>One instruction of the Dockerfile with the number of its stage, -1 before the first.</summary>
internal sealed partial record DockerfileInstruction(string Name, string Arguments, int Stage)
{
    public static IReadOnlyList<DockerfileInstruction> Read(string file)
    {
        var text = string.Join('\n', File.ReadAllLines(file).Where(line => !line.TrimStart().StartsWith('#'))).Replace("\\\n", " ", StringComparison.Ordinal);
        var instructions = new List<DockerfileInstruction>();
        var stage = -1;
        foreach (var line in text.Split('\n').Where(line => line.Trim().Length > 0))
        {
            var parts = line.Trim().Split(' ', 2);
            if (parts[0] is "FROM") stage++;
            instructions.Add(new DockerfileInstruction(parts[0], Spaces().Replace(parts[1].Trim(), " "), stage));
        }

        return instructions;
    }

    [GeneratedRegex(" +", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Spaces();
}
