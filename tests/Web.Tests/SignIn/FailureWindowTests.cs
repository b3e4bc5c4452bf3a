using Microsoft.Extensions.Time.Testing;
using TransactionPipeline.Web.SignIn;

namespace TransactionPipeline.Web.Tests.SignIn;

public sealed class FailureWindowTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void TryBegin_WindowSlides_LetsInOneForEachThatHasPassed()
    {
        var failures = new FailureWindow(2, TimeSpan.FromMinutes(5), _time);
        Assert.True(failures.TryBegin("a", out _));
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.True(failures.TryBegin("a", out _));

        Assert.False(failures.TryBegin("a", out var wait));
        Assert.Equal(TimeSpan.FromMinutes(3), wait);

        _time.Advance(wait);
        Assert.True(failures.TryBegin("a", out _));
        Assert.False(failures.TryBegin("a", out wait));
        Assert.Equal(TimeSpan.FromMinutes(2), wait);
    }

    [Fact]
    public void TakeBack_UnknownKey_ChangesNothing()
    {
        var failures = new FailureWindow(1, TimeSpan.FromMinutes(5), _time);
        failures.TakeBack("a");
        Assert.True(failures.TryBegin("a", out _));
        failures.TakeBack("a");
        Assert.True(failures.TryBegin("a", out _));
    }

    [Fact]
    public void TryBegin_MadeUpKeysFillTheMemory_WhoIsAttackedStaysCounted()
    {
        var failures = new FailureWindow(3, TimeSpan.FromMinutes(5), _time, capacity: 100);
        for (var i = 0; i < 3; i++) failures.TryBegin("attacked", out _);

        for (var i = 0; i < 10_000; i++) Assert.True(failures.TryBegin($"made up {i}", out _));

        Assert.False(failures.TryBegin("attacked", out _));
        Assert.InRange(failures.Count, 1, 100);
    }
}
