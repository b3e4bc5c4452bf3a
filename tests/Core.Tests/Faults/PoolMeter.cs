using System.Diagnostics.Metrics;

namespace TransactionPipeline.Core.Tests.Faults;

/// <summary>
/// The connections of the pools that are in use, by Npgsql's own metrics: one that was never given back is invisible to the server when its
/// line is gone, but takes a place in the pool for ever.
/// </summary>
internal sealed class PoolMeter : IDisposable
{
    private readonly MeterListener _listener = new();
    private int _used;
    private bool _isThere;

    public PoolMeter()
    {
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument is { Meter.Name: "Npgsql", Name: "db.client.connection.count" }) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<int>(Take);
        _listener.SetMeasurementEventCallback<long>((instrument, count, tags, state) => Take(instrument, (int)count, tags, state));
        _listener.Start();
    }

    /// <summary>How many are in use now, in all pools of this process.</summary>
    public int CountUsed()
    {
        (_used, _isThere) = (0, false);
        _listener.RecordObservableInstruments();
        return _isThere ? _used : throw new InvalidOperationException("Npgsql does not tell of its pools.");
    }

    public void Dispose() => _listener.Dispose();

    private void Take(Instrument instrument, int count, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        foreach (var (name, value) in tags)
            if (name == "db.client.connection.state" && (string?)value != "used") return;
        _isThere = true;
        _used += count;
    }
}
