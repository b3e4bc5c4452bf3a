using TransactionPipeline.Core.Store;
using TransactionPipeline.Silo.Joining;

namespace TransactionPipeline.Silo.Tests.Joining;

public sealed class JoinCheckTests
{
    private static readonly Dictionary<string, StoreIdentity> Own = new(StringComparer.Ordinal)
    {
        ["operational mart"] = new("postgres", "db:5432/mydb", "7/1"),
        ["shared store"] = new("postgres", "db:5432/mydb", "7/1"),
        ["warehouse mart"] = new("bigquery", "mart.summary of project hijra", Id: null),
    };

    [Fact]
    public void FindDifferences_SameServerByAnotherName_AreNone() => Assert.Empty(Find(
        new("operational mart", "postgres", "10.0.0.1:5432/mydb", "7/1"),
        new("shared store", "postgres", "10.0.0.1:5432/mydb", "7/1"),
        new("warehouse mart", "bigquery", "mart.summary of project hijra", null)));

    [Fact]
    public void FindDifferences_OtherServerByTheSameName_IsNamed() => Assert.Equal(
        "another shared store (postgres in db:5432/mydb; here postgres in db:5432/mydb)",
        Assert.Single(Find(new ServedStore("shared store", "postgres", "db:5432/mydb", "8/1"))));

    [Fact]
    public void FindDifferences_ServerThatIsAway_IsTakenByItsName()
    {
        Assert.Empty(Find(new ServedStore("shared store", "postgres", "db:5432/mydb", null)));
        Assert.Single(Find(new ServedStore("shared store", "postgres", "db:5432/other", null)));
    }

    [Fact]
    public void FindDifferences_OtherKind_IsNamed() => Assert.Equal(
        ["another operational mart (sqlite in /var/mart.db; here postgres in db:5432/mydb)",
            "another warehouse mart (postgres in db:5432/mydb; here bigquery in mart.summary of project hijra)"],
        Find(new("operational mart", "sqlite", "/var/mart.db", "7/1"), new("warehouse mart", "postgres", "db:5432/mydb", "7/1")));

    [Fact]
    public void FindDifferences_PartOfALaterVersion_IsNotThisOnesToJudge() => Assert.Empty(Find(new ServedStore("archive", "gcs", "bucket", null)));

    private static IEnumerable<string> Find(params ServedStore[] theirs) => JoinCheck.FindDifferences(Own, theirs);
}
