namespace TransactionPipeline.Core.Configuration;

/// <summary>Where the process keeps what outlives it.</summary>
/// <param name="Directory">
/// From the setting <c>state_directory</c>; relative to the content root. Holds <c>mart.db</c>, <c>store.db</c> and <c>export/</c>.
/// Default <c>var</c>.
/// </param>
public sealed record StateOptions(string Directory)
{
    /// <summary>The full path of <paramref name="name"/> inside the state directory.</summary>
    public string PathOf(string name) => Path.Combine(Directory, name);

    /// <summary>Makes the state directory, or <paramref name="name"/> inside it, readable by this user only; one that is there stays as it is.</summary>
    public DirectoryInfo Create(string name = "") => OperatingSystem.IsWindows()
        ? System.IO.Directory.CreateDirectory(PathOf(name))
        : System.IO.Directory.CreateDirectory(PathOf(name), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
}
