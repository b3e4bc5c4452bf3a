namespace TransactionPipeline.Core.Store;

/// <summary>Which database something is kept in: what two processes compare to find out whether they work on the same data.</summary>
/// <param name="Kind">The kind of store: <c>sqlite</c>, <c>postgres</c>, <c>bigquery</c>.</param>
/// <param name="Place">Where this process finds it, for people: a file, <c>host:port/database</c>, <c>project.dataset</c>. Never a secret.</param>
/// <param name="Id">What the database says of itself, the same by whatever name it was reached; null when it cannot be asked or says nothing.</param>
public sealed record StoreIdentity(string Kind, string Place, string? Id)
{
    /// <summary>True when both are one database: by what they say of themselves if both do, else by their places.</summary>
    public bool IsSameAs(StoreIdentity other) =>
        Kind == other.Kind && (Id is null || other.Id is null ? Place == other.Place : Id == other.Id);

    /// <summary>Kind and place, as <c>sqlite in /var/lib/mart.db</c>.</summary>
    public override string ToString() => Place.Length == 0 ? Kind : $"{Kind} in {Place}";
}
