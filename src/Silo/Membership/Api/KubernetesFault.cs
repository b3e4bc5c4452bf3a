namespace TransactionPipeline.Silo.Membership.Api;

/// <summary>What went wrong in a call to the API server, told apart because each has another remedy.</summary>
internal enum KubernetesFault
{
    /// <summary>409: someone else wrote first, or the object to be created exists.</summary>
    Conflict,

    /// <summary>401: the token is missing, expired or of another cluster.</summary>
    Unauthorized,

    /// <summary>403: a rule is missing from the Role.</summary>
    Forbidden,

    /// <summary>404 for the kind itself: the CRD isn't installed.</summary>
    UnknownKind,

    /// <summary>404 for the namespace.</summary>
    NamespaceMissing,

    /// <summary>404 for the object: the kind exists.</summary>
    NotFound,

    /// <summary>410: the server has forgotten the revision that the call names.</summary>
    Gone,

    /// <summary>400, 413, 415 or 422: the server understood and refuses what was sent.</summary>
    Refused,

    /// <summary>429: slow down.</summary>
    TooManyRequests,

    /// <summary>5xx.</summary>
    ServerError,

    /// <summary>No connection, or its certificate isn't signed by the cluster's CA.</summary>
    Unreachable,

    /// <summary>Connected, but no whole answer within the time limit.</summary>
    TimedOut,

    /// <summary>The answer began and ended early. A write may have been carried out.</summary>
    CutOff,

    /// <summary>A whole answer that isn't what the API promises.</summary>
    Unreadable,
}
