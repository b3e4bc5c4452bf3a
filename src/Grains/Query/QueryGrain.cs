using Orleans.Concurrency;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Grains.Query;

/// <summary>
/// Where a key is owned: this activation's silo. It only passes questions to Core, which keeps the answer and shares a running refresh.
/// Reentrant, because it has no state of its own: a question is answered from memory while others wait for a refresh.
/// </summary>
[GrainType("query"), Reentrant]
internal sealed class QueryGrain(GrainKeyOwner keys, ILocalSiloDetails silo) : Grain, IQueryGrain
{
    private QueryKey Key => QueryKey.Parse(this.GetPrimaryKeyString());

    public async Task<OwnerAnswer> AskAsync(OwnerQuestion question)
    {
        try
        {
            var demand = new CacheDemand(question.MaxAge, OnlyIfCached: false, question.MinVersion);
            return OwnerAnswer.Of(await keys.Owned.GetAsync(Key, demand, CancellationToken.None), question, silo.Name);
        }
        catch (MartException failed)
        {
            return OwnerAnswer.Of(failed, silo.Name);
        }
    }

    public Task<bool> DropAsync() => keys.Owned.DropAsync(Key, CancellationToken.None);

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        // Waits for a refresh under way, so that its lease is given back before the next owner needs it; not longer than Orleans does,
        // for then the lease runs out by itself.
        await keys.Owned.ReleaseAsync(Key).WaitAsync(cancellationToken).ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }
}
