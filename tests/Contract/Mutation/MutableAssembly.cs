using System.IO.Compression;
using System.Reflection.Metadata;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace TransactionPipeline.Contract.Mutation;

/// <summary>
/// One of our assemblies that can be compiled again with a bug in it, in this process. Its sources, those that generators made too, are in its
/// symbols, where the build has embedded them.
/// </summary>
internal sealed class MutableAssembly
{
    private static readonly Guid EmbeddedSource = new("0E8A571B-6926-466E-B4AD-8AB04611F5FE");

    // What the build has warned of already, and what only warnings and readers need, costs half of the time.
    private static readonly CSharpParseOptions Language = new(LanguageVersion.Latest, DocumentationMode.None);
    private static readonly CSharpCompilationOptions Options = new(
        OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, nullableContextOptions: NullableContextOptions.Annotations, warningLevel: 0);

    private readonly string _folder;
    private readonly CSharpCompilation _compilation;

    private MutableAssembly(string name, string folder)
    {
        (Name, _folder) = (name, folder);
        _compilation = CSharpCompilation.Create(
            name, Sources(Path.Combine(AppContext.BaseDirectory, $"{name}.pdb")).Select(source => Parse(source.Text, source.Path)), References(name), Options);
    }

    /// <summary>Those that have mutants.</summary>
    public static IReadOnlyList<MutableAssembly> All { get; } =
        [new("TransactionPipeline.Core", "src/Core/"), new("TransactionPipeline.Grains", "src/Grains/")];

    public string Name { get; }

    /// <summary>Whether <paramref name="patch"/> changes it.</summary>
    public bool IsChangedBy(Patch patch) => FilesOf(patch).Any();

    /// <summary>Finds out whether it would compile with a patch: only what that changes is looked at, which is much faster.</summary>
    /// <inheritdoc cref="Compile"/>
    public void Check(Patch patch)
    {
        var compilation = Apply(patch, out var changed);
        ThrowAt(changed.SelectMany(tree => compilation.GetSemanticModel(tree).GetDiagnostics()));
    }

    /// <summary>Compiles it, with a patch if there is one.</summary>
    /// <exception cref="FormatException">The patch does not fit, or what comes of it does not compile.</exception>
    public byte[] Compile(Patch? patch)
    {
        using var image = new MemoryStream();
        ThrowAt((patch is null ? _compilation : Apply(patch, out _)).Emit(image).Diagnostics);
        return image.ToArray();
    }

    private IEnumerable<string> FilesOf(Patch patch) => patch.Files.Where(file => file.StartsWith(_folder, StringComparison.Ordinal));

    private CSharpCompilation Apply(Patch patch, out IReadOnlyList<SyntaxTree> changed)
    {
        var compilation = _compilation;
        var trees = new List<SyntaxTree>();
        foreach (var file in FilesOf(patch))
        {
            var before = compilation.SyntaxTrees.SingleOrDefault(tree => tree.FilePath.Replace('\\', '/').EndsWith($"/{file}", StringComparison.Ordinal))
                ?? throw new FormatException($"There is no {file}.");
            trees.Add(Parse(patch.Apply(file, before.ToString()), before.FilePath));
            compilation = compilation.ReplaceSyntaxTree(before, trees[^1]);
        }
        changed = trees;
        return compilation;
    }

    private static void ThrowAt(IEnumerable<Diagnostic> diagnostics)
    {
        if (diagnostics.Where(found => found.Severity == DiagnosticSeverity.Error).ToList() is { Count: > 0 } errors) throw new FormatException(string.Join('\n', errors));
    }

    private static SyntaxTree Parse(string text, string path) => CSharpSyntaxTree.ParseText(text, Language, path, Encoding.UTF8);

    /// <summary>All that this process can load: what it was built with and more.</summary>
    private static IEnumerable<MetadataReference> References(string name) =>
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileNameWithoutExtension(path) != name).Select(path => MetadataReference.CreateFromFile(path));

    private static List<(string Path, string Text)> Sources(string symbols)
    {
        using var provider = MetadataReaderProvider.FromPortablePdbStream(File.OpenRead(symbols));
        var reader = provider.GetMetadataReader();
        return
        [
            .. from document in reader.Documents
               from information in reader.GetCustomDebugInformation(document).Select(reader.GetCustomDebugInformation)
               where reader.GetGuid(information.Kind) == EmbeddedSource
               select (reader.GetString(reader.GetDocument(document).Name), Text(reader.GetBlobBytes(information.Value))),
        ];
    }

    /// <summary>The text of an embedded source: its length where it is compressed, else 0, and then the text.</summary>
    private static string Text(byte[] blob)
    {
        var text = new MemoryStream(blob, sizeof(int), blob.Length - sizeof(int));
        using var reader = new StreamReader(MemoryMarshal.Read<int>(blob) == 0 ? text : new DeflateStream(text, CompressionMode.Decompress));
        return reader.ReadToEnd();
    }
}
