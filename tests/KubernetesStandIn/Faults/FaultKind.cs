namespace TransactionPipeline.KubernetesStandIn.Faults;

/// <summary>What can be made to go wrong.</summary>
public enum FaultKind
{
    /// <summary>409 without carrying the call out.</summary>
    Conflict,

    /// <summary>401.</summary>
    Unauthorized,

    /// <summary>403.</summary>
    Forbidden,

    /// <summary>410.</summary>
    Gone,

    /// <summary>429 with Retry-After.</summary>
    TooManyRequests,

    /// <summary>500.</summary>
    ServerError,

    /// <summary>The answer comes only after the delay.</summary>
    Slow,

    /// <summary>The call is carried out and half of the answer arrives.</summary>
    CutOff,

    /// <summary>A running watch ends in the middle of an event.</summary>
    CutWatch,

    /// <summary>A read answers with the state before the newest change.</summary>
    StaleRead,

    /// <summary>200 with a body that is no JSON.</summary>
    Garbage,

    /// <summary>The connection closes without an answer, as when the server is gone.</summary>
    Outage,
}
