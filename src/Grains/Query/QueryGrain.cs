using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Placement;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Grains.Query;

/// <summary>
/// Where a key is owned: this activation's silo. It only passes questions to Core, which keeps the answer and shares a running refresh.
/// Reentrant, because it has no state of its own: a question is answered from memory while others wait for a refresh. Placed by chance and
/// not by load, of which silos tell each other more seldom than a burst of new keys lasts: it all went to one silo.
/// </summary>
[GrainType("query"), Reentrant, RandomPlacement]
internal sealed class QueryGrain(
    IGrainContext context, GrainKeyOwner keys, VersionClock versions, ILocalSiloDetails silo, SiloLeaving leaving, IOptions<GrainsOptions> options,
    TimeProvider time) : IGrainBase, IQueryGrain
{
    // Questions that are not answered yet. What this silo itself waits for at the key does not count: it may be this very answer.
    private int _open;

    public IGrainContext GrainContext => context;

    private QueryKey Key => QueryKey.Parse(context.GrainId.Key.ToString()!);

    public async Task<OwnerAnswer> AskAsync(OwnerQuestion question, CancellationToken cancellationToken)
    {
        versions.Observe(question.Clock);
        _open++;
        try
        {
            var answering = keys.Table.AnswerAsOwnerAsync(Key, question.MaxAge, question.MinVersion.ToVersion(), cancellationToken).AsTask();
            _ = answering.SettledAsync();
            // A silo that leaves ends the waiting, not the work: deactivation gives that its time, and begins only when no call is open.
            var answer = await answering.WaitAsync(leaving.Token);
            return OwnerAnswer.Of(answer, question, silo.Name, time.GetUtcNow()) with { Clock = versions.Last };
        }
        catch (MartException failed)
        {
            return OwnerAnswer.Of(failed, silo.Name);
        }
        finally
        {
            _open--;
        }
    }

    public Task<bool> IsAtWorkAsync() => Task.FromResult(_open > 0);

    public Task LeaveAsync()
    {
        if (!keys.Table.Holds(Key)) this.DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public Task<byte[]?> ReadAsync(VersionNote version, int offset)
    {
        if (keys.Table.Peek(Key) is not { } snapshot || snapshot.Version != version.ToVersion()) return Task.FromResult<byte[]?>(null);
        var bytes = new SnapshotRows(snapshot.Rows).Bytes;
        return Task.FromResult<byte[]?>(bytes[offset..Math.Min(bytes.Length, offset + options.Value.MaxMessageBytes)]);
    }

    public Task<bool> DropAsync() => keys.Table.DropAsync(Key, CancellationToken.None);

    public async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        // Waits for a refresh under way, so that its lease is given back before the next owner needs it; not longer than Orleans does,
        // for then the lease runs out by itself.
        await keys.Table.DisownAsync(Key).WaitAsync(cancellationToken).SettledAsync();
    }
}
