using TransactionPipeline.Web.Hosting;
using TransactionPipeline.Web.Pipeline;

namespace TransactionPipeline.Web.Tests.Pipeline;

public sealed class ScheduleTests
{
    [Theory]
    [InlineData("0 0 * * *", "2023-11-16T00:00:00Z")]
    [InlineData("30 4 * * 1", "2023-11-20T04:30:00Z")]
    [InlineData("*/5 * * * *", "2023-11-15T12:05:00Z")]
    [InlineData("0 0 1,15 * 0", "2023-11-19T00:00:00Z")]
    public void Parse_FiveFields_FiresAsCrontabSays(string schedule, string next) => Assert.Equal(
        DateTimeOffset.Parse(next),
        ScheduleFeature.Parse(schedule).WithTimeZone(TimeZoneInfo.Utc).GetNextValidTimeAfter(DateTimeOffset.Parse("2023-11-15T12:00:00Z")));

    [Theory]
    [InlineData("")]
    [InlineData("0 0 * *")]
    [InlineData("0 0 0 * * ?")]
    [InlineData("61 0 * * *")]
    [InlineData("midnight")]
    public void Parse_AnythingElse_NamesTheSetting(string schedule) => Assert.StartsWith(
        $"orchestration:schedule is '{schedule}'",
        Assert.Throws<StartRefusedException>(() => ScheduleFeature.Parse(schedule)).Message, StringComparison.Ordinal);
}
