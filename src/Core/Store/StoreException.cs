using System.Data.Common;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Core.Store;

/// <summary>
/// The shared store could not do what was asked: the one exception that every store of leases, users, snapshots, batches and runs throws.
/// <see cref="Exception.Message"/> says what a person can act on and never holds a path, a host name, a credential or SQL.
/// The cause is as <see cref="CauseException"/> leaves it, so it may be logged whole.
/// </summary>
public class StoreException : DbException
{
    /// <summary>A failure that says <paramref name="message"/>, caused by <paramref name="cause"/>.</summary>
    public StoreException(string message, MartFailure kind = MartFailure.Failed, Exception? cause = null)
        : base(message, CauseException.Of(cause)) => Kind = kind;

    /// <summary>Whether asking again may help.</summary>
    public MartFailure Kind { get; }

    /// <inheritdoc/>
    public override bool IsTransient => Kind == MartFailure.Transient;
}
