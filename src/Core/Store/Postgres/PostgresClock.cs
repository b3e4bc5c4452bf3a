namespace TransactionPipeline.Core.Store.Postgres;

/// <summary>
/// The server's clock, as far as this process knows it. What processes share is dated by that clock alone, so that theirs need not agree.
/// Each answer that brings the server's time along is a sample; between its asking and its answering lies what the other clock shows now
/// (as in NTP), and of the two bounds each conversion takes the one that makes nothing younger than it is.
/// </summary>
/// <param name="time">This process's clock.</param>
internal sealed class PostgresClock(TimeProvider time)
{
    private Sample? _last;

    /// <summary>The SQL for the server's time.</summary>
    public const string Sql = "clock_timestamp()";

    /// <summary>The last sample; null while the server was never asked.</summary>
    public Sample? Last => Volatile.Read(ref _last);

    /// <summary>This process's time, in whole microseconds as the server's.</summary>
    public DateTimeOffset Now()
    {
        var now = time.GetUtcNow();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
    }

    /// <summary>An answer has come that was asked for at <paramref name="asked"/> and has the server's time in it.</summary>
    public Sample Take(DateTimeOffset asked, DateTimeOffset server)
    {
        var sample = new Sample(asked, server, Now().AddMicroseconds(1));
        Volatile.Write(ref _last, sample);
        return sample;
    }

    /// <summary>What the server's clock showed, and between which times of this process.</summary>
    internal sealed record Sample(DateTimeOffset Asked, DateTimeOffset Server, DateTimeOffset Answered)
    {
        /// <summary>A time of this process by the server's clock, or a little before.</summary>
        public DateTimeOffset ToServer(DateTimeOffset own) => own + (Server - Answered);

        /// <summary>A time of the server by this process's clock, or a little before.</summary>
        public DateTimeOffset FromServer(DateTimeOffset server) => server + (Asked - Server);
    }
}
