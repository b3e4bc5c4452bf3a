using TransactionPipeline.Core.Users;

namespace TransactionPipeline.Core.Tests.Users;

public sealed class UserRulesTests
{
    [Theory]
    [InlineData("admin", true)]
    [InlineData("A.b_c-d@example.com", true)]
    [InlineData("", false)]
    [InlineData("two words", false)]
    [InlineData("line\n", false)]
    [InlineData("a,b", false)]
    [InlineData("ärger", false)]
    public void ProblemOfName_Name_SaysWhetherItIsOne(string name, bool good) => Assert.Equal(good, UserRules.ProblemOfName(name) is null);

    [Fact]
    public void ProblemOfName_Length_EndsAt64()
    {
        Assert.Null(UserRules.ProblemOfName(new string('a', 64)));
        Assert.NotNull(UserRules.ProblemOfName(new string('a', 65)));
    }

    [Theory]
    [InlineData("elevenchars", "12")]
    [InlineData("Administrator", "name")]
    [InlineData("with\0control characters", "control")]
    [InlineData("twelve chars", null)]
    public void ProblemOfPassword_Password_NamesWhatIsWrong(string password, string? named)
    {
        var problem = UserRules.ProblemOfPassword(password, "administrator", minLength: 12);
        if (named is null) Assert.Null(problem);
        else Assert.Contains(named, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void ProblemOfPassword_Endless_IsRefused() =>
        Assert.NotNull(UserRules.ProblemOfPassword(new string('a', UserRules.MaxPasswordLength + 1), "x", 8));

    [Fact]
    public void NewStamp_EachTime_IsAnother() => Assert.NotEqual(UserRules.NewStamp(), UserRules.NewStamp());
}
