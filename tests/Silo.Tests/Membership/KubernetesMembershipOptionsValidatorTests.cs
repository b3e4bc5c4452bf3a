using Microsoft.Extensions.Options;
using Orleans.Configuration;
using TransactionPipeline.Silo.Membership;

namespace TransactionPipeline.Silo.Tests.Membership;

public sealed class KubernetesMembershipOptionsValidatorTests
{
    [Fact]
    public void Options_AllGiven_AreValid() => Assert.True(Validate(_ => { }).Succeeded);

    [Theory]
    [InlineData("")]
    [InlineData("Upper")]
    [InlineData("under_score")]
    [InlineData("-dash")]
    [InlineData("dash-")]
    [InlineData("a23456789012345678901234567890123456789012345678901234567890")]
    public void ClusterId_NoNameOfAnObject_NamesTheKey(string clusterId) =>
        Assert.Contains("cluster__cluster_id", Validate(_ => { }, clusterId).FailureMessage, StringComparison.Ordinal);

    [Theory]
    [InlineData("ftp://server")]
    [InlineData("http://10.0.0.1")]
    [InlineData("/relative")]
    public void ApiServer_NotUsable_NamesTheKey(string address) =>
        Assert.Contains("cluster__api_server", Fail(options => options.ApiServer = new Uri(address, UriKind.RelativeOrAbsolute)), StringComparison.Ordinal);

    [Fact]
    public void ApiServer_NotGivenOutsideAPod_SaysSo() =>
        Assert.Contains("this is not a pod", Fail(options => options.ApiServer = null), StringComparison.Ordinal);

    [Theory]
    [InlineData(null)]
    [InlineData("Not A Namespace")]
    public void Namespace_MissingOrWrong_NamesTheKey(string? ns) =>
        Assert.Contains("cluster__namespace", Fail(options => options.Namespace = ns), StringComparison.Ordinal);

    [Fact]
    public void Times_ZeroOrNegative_AreNamed()
    {
        Assert.Contains("RequestTimeout", Fail(options => options.RequestTimeout = TimeSpan.Zero), StringComparison.Ordinal);
        Assert.Contains("RetryDelay", Fail(options => options.RetryDelay = TimeSpan.FromSeconds(-1)), StringComparison.Ordinal);
        Assert.Contains("TokenLifetime", Fail(options => options.TokenLifetime = TimeSpan.Zero), StringComparison.Ordinal);
    }

    [Fact]
    public void Counts_OutOfRange_AreNamed()
    {
        Assert.Contains("MaxAttempts", Fail(options => options.MaxAttempts = 0), StringComparison.Ordinal);
        Assert.Contains("PageSize", Fail(options => options.PageSize = 0), StringComparison.Ordinal);
    }

    private static string Fail(Action<KubernetesMembershipOptions> change)
    {
        var result = Validate(change);
        Assert.True(result.Failed);
        return result.FailureMessage;
    }

    private static ValidateOptionsResult Validate(Action<KubernetesMembershipOptions> change, string clusterId = "good-1")
    {
        var options = new KubernetesMembershipOptions { ApiServer = new Uri("https://10.0.0.1:443"), Namespace = "data-pipeline", ServiceAccountDirectory = "none-here" };
        change(options);
        return new KubernetesMembershipOptionsValidator(Options.Create(new ClusterOptions { ClusterId = clusterId })).Validate(name: null, options);
    }
}
