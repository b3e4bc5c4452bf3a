namespace TransactionPipeline.Testing;

/// <summary>What happens on the line.</summary>
public enum TcpFault
{
    /// <summary>Nothing: it works.</summary>
    None,

    /// <summary>Nobody listens.</summary>
    Refuse,

    /// <summary>Connections are reset, old ones and new ones.</summary>
    Reset,

    /// <summary>Bytes vanish, and nothing is said.</summary>
    Blackhole,

    /// <summary>The server's bytes come one a second.</summary>
    OneByteASecond,

    /// <summary>The client's bytes go one a second.</summary>
    OneByteASecondToServer,

    /// <summary>Reset in the middle of what the server sends.</summary>
    CutServer,

    /// <summary>Reset in the middle of what the client sends.</summary>
    CutClient,
}
