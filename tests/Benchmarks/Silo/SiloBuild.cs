namespace TransactionPipeline.Benchmarks.Silo;

/// <summary>A build of the program: this one, or an older one beside which it is measured.</summary>
/// <param name="Name">For the figures.</param>
/// <param name="Assembly">The program.</param>
internal sealed record SiloBuild(string Name, string Assembly)
{
    private const string FileName = "TransactionPipeline.Silo.dll";

    /// <summary>The build that the benchmark was built with.</summary>
    public static SiloBuild New { get; } = new("new", Path.Combine(AppContext.BaseDirectory, FileName));

    /// <summary>The older build in a folder, and this one; this one alone without a folder.</summary>
    /// <exception cref="FileNotFoundException">There is none in it.</exception>
    public static IReadOnlyList<SiloBuild> Beside(string? folder)
    {
        if (folder is null) return [New];
        var assembly = Path.GetFullPath(Path.Combine(folder, FileName));
        return File.Exists(assembly) ? [new("old", assembly), New] : throw new FileNotFoundException($"There is no {FileName} in {folder}.");
    }

    /// <summary>Starts one of these, as Development does.</summary>
    /// <param name="address">Where it listens.</param>
    /// <param name="directory">Its state; each build has a folder of its own in it.</param>
    /// <param name="siloPort">The port between silos; the gateway's is ten above.</param>
    /// <param name="settings">Further ones.</param>
    public Child Start(string address, string directory, int siloPort, Dictionary<string, string?>? settings = null) => Child.Start(
        Assembly,
        [],
        new(settings ?? [], StringComparer.Ordinal)
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["ASPNETCORE_URLS"] = address,
            ["state_directory"] = Path.Combine(directory, $"state-{Name}"),
            ["security__jwt_secret"] = "a secret of the benchmark, 32 bytes at least",
            ["cluster__silo_port"] = $"{siloPort}",
            ["cluster__gateway_port"] = $"{siloPort + 10}",
        });
}
