using Microsoft.AspNetCore.Builder;
using TransactionPipeline.Web.Hosting;

namespace TransactionPipeline.Web.Tests.Hosting;

public sealed class CacheSetupTests
{
    [Theory]
    [InlineData("cache:poll_seconds", "0")]
    [InlineData("cache:slow_poll_seconds", "0.1")]
    [InlineData("retention:snapshot_days", "0.5")]
    [InlineData("retention:history_days", "0")]
    public void Start_SettingThatCannotWork_IsRefusedNamingIt(string setting, string value)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration[setting] = value;

        Assert.Contains(setting, Assert.Throws<StartRefusedException>(() => builder.AddCache()).Message, StringComparison.Ordinal);
    }
}
