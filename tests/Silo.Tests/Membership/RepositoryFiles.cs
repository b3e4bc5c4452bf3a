namespace TransactionPipeline.Silo.Tests.Membership;

internal static class RepositoryFiles
{
    public static string Root { get; } = FindRoot();

    public static string Crds => Path.Combine(Root, "helm", "transaction-pipeline", "crds");

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "TransactionPipeline.sln"))) return folder.FullName;
        }

        throw new InvalidOperationException($"no TransactionPipeline.sln above {AppContext.BaseDirectory}");
    }
}
