namespace TransactionPipeline.Contract.History;

/// <summary>What may go wrong.</summary>
public enum FaultKind
{
    /// <summary>The mart fails every question.</summary>
    MartFails,

    /// <summary>The mart is not asked: its budget is spent.</summary>
    BudgetSpent,

    /// <summary>The mart takes its time.</summary>
    MartSlow,

    /// <summary>The mart's rows, or its token too, are those of before.</summary>
    MartWentBack,

    /// <summary>The mart showed a change token before its rows.</summary>
    TokenBeforeRows,

    /// <summary>The shared store does not answer.</summary>
    StoreDown,

    /// <summary>The shared store takes its time, or answers not at all in the time that it has.</summary>
    StoreSlow,

    /// <summary>The shared store takes no writes.</summary>
    StoreReadOnly,

    /// <summary>The shared store was put back to an older copy.</summary>
    StoreRestored,

    /// <summary>A process was killed.</summary>
    ProcessKilled,

    /// <summary>A process stands still.</summary>
    ProcessFrozen,

    /// <summary>A process leaves in good order.</summary>
    ProcessLeft,

    /// <summary>A process joined.</summary>
    ProcessJoined,

    /// <summary>Where processes find each other there is no answer.</summary>
    MembershipDown,

    /// <summary>Calls between processes are lost.</summary>
    CallsLost,

    /// <summary>Calls between processes come late.</summary>
    CallsLate,

    /// <summary>Calls between processes come twice.</summary>
    CallsDoubled,

    /// <summary>A key has two owners.</summary>
    TwoOwners,

    /// <summary>A key's owner was sent away for want of questions.</summary>
    OwnerIdle,

    /// <summary>Notifications are lost.</summary>
    NotificationsLost,

    /// <summary>A process's clock jumped further than clocks may differ.</summary>
    ClockJumped,
}
