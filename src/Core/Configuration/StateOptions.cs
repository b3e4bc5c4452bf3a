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
}
