using System.Reflection;
using System.Runtime.Loader;

namespace TransactionPipeline.Contract.Mutation;

/// <summary>
/// A copy of our assemblies, of which some are compiled anew with a bug in them; all others are shared. It stays to the process's end: one
/// that is collected is unloaded while its code still runs.
/// </summary>
internal sealed class MutantContext : AssemblyLoadContext
{
    private readonly IReadOnlyDictionary<string, byte[]> _compiled;
    private readonly Type _hunt;

    private MutantContext(IReadOnlyDictionary<string, byte[]> compiled)
        : base(isCollectible: false)
    {
        _compiled = compiled;
        _hunt = LoadFromAssemblyName(Assembly.GetExecutingAssembly().GetName()).GetType(typeof(Hunt).FullName!)!;
        // Only what both sides have one of may cross the border, and that are no types of ours.
        Find = _hunt.GetMethod(nameof(Hunt.Find))!.CreateDelegate<Func<ulong, int, string?, (ulong, string)?>>();
        Shrink = _hunt.GetMethod(nameof(Hunt.Shrink))!.CreateDelegate<Func<ulong, string, (int, int, string)>>();
    }

    /// <summary>As <see cref="Hunt.Find"/>, in there.</summary>
    public Func<ulong, int, string?, (ulong Seed, string Rule)?> Find { get; }

    /// <summary>As <see cref="Hunt.Shrink"/>, in there.</summary>
    public Func<ulong, string, (int Steps, int Events, string Story)> Shrink { get; }

    /// <summary>With a mutant; or with what mutants are made of, compiled in the same way and without any bug.</summary>
    /// <exception cref="FormatException">The patch does not fit, or what comes of it does not compile.</exception>
    public static MutantContext Load(Mutant? mutant) => new(
        MutableAssembly.All.Where(assembly => mutant is null || assembly.IsChangedBy(mutant.Patch)).ToDictionary(assembly => assembly.Name, assembly => assembly.Compile(mutant?.Patch)));

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName name)
    {
        if (name.Name?.StartsWith("TransactionPipeline.", StringComparison.Ordinal) != true) return null;
        using var image = _compiled.TryGetValue(name.Name, out var bytes)
            ? new MemoryStream(bytes)
            : (Stream)File.OpenRead(Path.Combine(AppContext.BaseDirectory, $"{name.Name}.dll"));
        return LoadFromStream(image);
    }
}
