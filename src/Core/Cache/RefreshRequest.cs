namespace TransactionPipeline.Core.Cache;

/// <summary>What a refresh has to come to.</summary>
/// <param name="BeganAt">When it began.</param>
/// <param name="NotBefore">The oldest check that will do.</param>
/// <param name="MinVersion">The lowest version that will do.</param>
/// <param name="Wait">Whether somebody waits for it: else it leaves the work to another process that is at it.</param>
/// <param name="GivenUp">Cancelled when nobody wants it any more.</param>
internal sealed record RefreshRequest(
    DateTimeOffset BeganAt, DateTimeOffset NotBefore, SnapshotVersion MinVersion, bool Wait, CancellationToken GivenUp);

/// <summary>What a refresh came to.</summary>
/// <param name="Snapshot">What the key has now; null when the work was left to another process.</param>
/// <param name="Queried">Whether the mart's rows were read for it.</param>
/// <param name="ByOwner">Whether the key's owner says so; then it is as young as was asked for by the owner's clock.</param>
internal readonly record struct Refreshed(Snapshot? Snapshot, bool Queried, bool ByOwner = false);
