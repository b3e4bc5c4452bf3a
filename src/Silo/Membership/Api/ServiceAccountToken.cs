namespace TransactionPipeline.Silo.Membership.Api;

/// <summary>The pod's token, read again when it is a minute old or the server refuses it: the kubelet replaces the file.</summary>
internal sealed class ServiceAccountToken(string file, TimeSpan lifetime, TimeProvider time)
{
    private readonly Lock _lock = new();
    private string? _token;
    private long _readAt;

    /// <summary>Gets the token, or null where there is no file.</summary>
    public string? Current
    {
        get
        {
            lock (_lock)
            {
                if (_token is null || time.GetElapsedTime(_readAt) >= lifetime) Read();
                return _token;
            }
        }
    }

    /// <summary>Reads the file again after a refusal.</summary>
    /// <returns>True when the file holds another token than the refused one, so that one more try makes sense.</returns>
    public bool Renew(string? refused)
    {
        lock (_lock)
        {
            Read();
            return _token is not null && !string.Equals(_token, refused, StringComparison.Ordinal);
        }
    }

    private void Read()
    {
        // While the kubelet swaps the link the file may be away for a moment, or not yet ours to read; the token in hand is still good for
        // minutes.
        try
        {
            _token = File.ReadAllText(file).Trim();
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
        }

        _readAt = time.GetTimestamp();
    }
}
