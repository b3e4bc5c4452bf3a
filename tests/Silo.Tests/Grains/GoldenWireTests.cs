using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Serialization.Invocation;
using TransactionPipeline.Core.Marts;
using TransactionPipeline.Grains.Query;
using TransactionPipeline.Grains.Watch;
using TransactionPipeline.Silo.Joining;

namespace TransactionPipeline.Silo.Tests.Grains;

/// <summary>
/// A rolling update has silos of two versions. <c>golden-3.txt</c> has what is said in the cluster transaction-pipeline-3, names of types
/// and methods included: a later version must read it (an older silo asks a newer one) and write the same (a newer one asks an older). A
/// field that is added later makes what is written longer: it then gets a file of its own, this one stays to be read, and
/// <see cref="WireTests"/> shows that an older silo skips what it does not know.
/// </summary>
public sealed class GoldenWireTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2023, 11, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    /// <summary>What crosses, by the name of its bytes.</summary>
    public static TheoryData<string> Names => [.. Values.Keys.Order(StringComparer.Ordinal)];

    private static Dictionary<string, object> Values => new(StringComparer.Ordinal)
    {
        ["question"] = new OwnerQuestion { MaxAge = TimeSpan.FromSeconds(5), MinVersion = V(3), HeldVersion = V(2), Clock = 4 },
        ["answer"] = new OwnerAnswer
        {
            Version = V(7),
            DataVersion = "token",
            DataAge = TimeSpan.FromHours(2),
            CheckedAge = TimeSpan.FromMinutes(1),
            Queried = true,
            Silo = "silo-1",
            Clock = 8,
        },
        ["failure"] = new OwnerAnswer
        {
            Error = "the budget is spent",
            Failure = MartFailure.Unavailable,
            RetryAfter = TimeSpan.FromMinutes(7),
            Silo = "silo-1",
        },
        ["news"] = NewsNote.Of(Mart.Operational, new([new MonthToken(new Month(2023, 10), "a", Noon)], Newest: null), Noon.AddSeconds(3)),
        ["newest-month"] = new NewestMonthNote { Month = "2023-10", Age = TimeSpan.FromSeconds(3) },
        ["served-store"] = new ServedStore("shared store", "postgres", "db:5432/mydb", "7/1"),
        ["look"] = new LookRequest { Months = ["2023-10", "2023-11"], Woken = true },
    };

    private static VersionNote V(long time) => new() { Time = time, Issuer = 9 };

    public void Dispose() => _services.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void Value_OfCluster3_IsReadAndWrittenAlike(string name)
    {
        var value = Values[name];

        Assert.Equal(Golden(name), Hex(value));
        Assert.Equivalent(value, Read(Golden(name)), strict: true);
    }

    [Theory]
    [InlineData("news", "news-without-newest-month")]
    [InlineData("news", "news-without-told-at")]
    [InlineData("look", "look-without-asked-at")]
    public void Value_FromBeforeItHadAllItsFields_IsRead(string name, string before) =>
        Assert.Equivalent(Values[name], Read(Golden(before)), strict: true);

    [Fact]
    public void Rows_OfCluster3_AreRead()
    {
        var answer = Assert.IsType<OwnerAnswer>(Read(Golden("rows")));

        var row = Assert.Single(answer.Rows!.Rows.All());
        Assert.Equal(new MartRow(new string('a', 64), "Halal Laptop", new DateOnly(2023, 10, 1), 1999.98m, 999.99m, 1, 2), row);
    }

    [Theory]
    [InlineData(nameof(IQueryGrain.AskAsync), "question")]
    [InlineData(nameof(IQueryGrain.DropAsync), null)]
    [InlineData(nameof(IQueryGrain.ReadAsync), null)]
    [InlineData(nameof(IQueryGrain.IsAtWorkAsync), null)]
    [InlineData(nameof(IQueryGrain.LeaveAsync), null)]
    [InlineData(nameof(IMartWatcherGrain.LookAsync), "look")]
    [InlineData(nameof(IMartWatcherGrain.FindNewestMonthAsync), null)]
    [InlineData(nameof(IMartWatcherGrain.DropCopiesAsync), null)]
    [InlineData(nameof(IMartListener.ChangedAsync), "news")]
    [InlineData(nameof(IMartListener.DroppedAsync), null)]
    [InlineData(nameof(IServedStoresService.TellAsync), null)]
    public void Call_OfCluster3_FindsItsMethod(string method, string? argument)
    {
        var call = Call(method);
        if (argument is not null) call.SetArgument(0, Values[argument]);

        Assert.Equal(Golden($"call-{method}"), Hex(call));
        var read = Assert.IsAssignableFrom<IInvokable>(Read(Golden($"call-{method}")));
        Assert.Equal(method, read.GetMethodName());
        if (argument is not null) Assert.Equivalent(Values[argument], read.GetArgument(0), strict: true);
    }

    /// <summary>What the generated code sends for a call; the references and texts in it are empty.</summary>
    private static IInvokable Call(string method) => new[] { typeof(IQueryGrain), typeof(IServedStoresService) }
        .SelectMany(one => one.Assembly.GetTypes())
        .Where(type => type.IsClass && typeof(IInvokable).IsAssignableFrom(type))
        .Select(type => (IInvokable)Activator.CreateInstance(type, nonPublic: true)!)
        .Single(call => call.GetMethodName() == method);

    private static string Golden(string name) =>
        File.ReadAllLines(Path.Combine(Repository.Root, "tests", "Silo.Tests", "Grains", "golden-3.txt"))
            .Select(line => line.Split(' ', 2)).Single(parts => parts[0] == name)[1];

    private object? Read(string hex) => _services.GetRequiredService<Serializer<object>>().Deserialize(Convert.FromHexString(hex));

    private string Hex(object value) =>
        Convert.ToHexStringLower(_services.GetRequiredService<Serializer<object>>().SerializeToArray(value));
}
