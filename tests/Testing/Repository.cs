namespace TransactionPipeline.Testing;

internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Chart => At("helm", "transaction-pipeline");

    public static string At(params string[] parts) => Path.Combine([Root, .. parts]);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "TransactionPipeline.sln"))) return folder.FullName;
        }

        throw new InvalidOperationException($"no TransactionPipeline.sln above {AppContext.BaseDirectory}");
    }
}
