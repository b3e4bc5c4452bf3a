using System.Globalization;
using TransactionPipeline.Contract.History;
using TransactionPipeline.Contract.Simulation;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Contract.Chaos;

/// <summary>
/// A mart as the harness changes and breaks it, past the program: a month at a time is replaced, with its version, in one transaction, as a
/// transform does it.
/// </summary>
internal abstract class ChaosMart(Observer observer, Mart part, Dice dice) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly SemaphoreSlim _turn = new(1);
    private readonly Dictionary<Month, IReadOnlyList<SaleRow>> _rows = [];
    private long _amount;

    /// <summary>The mart's name in keys.</summary>
    public string Name => part.Name();

    /// <summary>Commits that nobody knew to be one or not, until the mart was asked.</summary>
    public int Uncertain { get; private set; }

    /// <summary>Every month, for the first time.</summary>
    public async Task FillAsync()
    {
        foreach (var month in ChaosKeys.Months) await ReplaceAsync(month, ChaosKeys.Products.Select(product => new SaleRow(product, Amount())));
    }

    /// <summary>Changes one month after another.</summary>
    public async Task ChangeUntilAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await PauseAsync(TimeSpan.FromMilliseconds(dice.Between(100, 1500)), stop);
            await _turn.WaitAsync(CancellationToken.None);
            try
            {
                var month = ChaosKeys.Months[dice.Below(ChaosKeys.Months.Count)];
                await ReplaceAsync(month, Changed(_rows[month]));
            }
            catch (Exception away) when (IsAway(away))
            {
                // Nothing was changed. It is tried again, as long as it takes.
            }
            finally
            {
                _turn.Release();
            }
        }
    }

    /// <summary>From now on its rows cannot be read, nor its change tokens if <paramref name="tokensToo"/>; it still changes meanwhile.</summary>
    public Task BreakAsync(bool tokensToo) => InTurnAsync(() => BreakNowAsync(tokensToo));

    /// <summary>The end of <see cref="BreakAsync"/>.</summary>
    public Task MendAsync() => InTurnAsync(MendNowAsync);

    public virtual ValueTask DisposeAsync()
    {
        _turn.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Replaces a month's rows and its version; ends when that is committed.</summary>
    /// <param name="month">The month.</param>
    /// <param name="rows">All of its rows.</param>
    /// <param name="committing">Is told the new version before the commit is asked for: then it may be seen, and it may be one although it is not answered.</param>
    protected abstract Task CommitAsync(Month month, IReadOnlyList<SaleRow> rows, Action<long> committing);

    /// <summary>The month's version, once no earlier transaction can be committed any more.</summary>
    protected abstract Task<long> ReadVersionAsync(Month month);

    /// <summary>Whether that is how the mart's being away shows.</summary>
    protected abstract bool IsAway(Exception failure);

    protected abstract Task BreakNowAsync(bool tokensToo);

    protected abstract Task MendNowAsync();

    /// <summary>So much time, or less when it is time to stop.</summary>
    private static async Task PauseAsync(TimeSpan time, CancellationToken stop) =>
        await Task.Delay(time, TimeProvider.System, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private async Task ReplaceAsync(Month month, IEnumerable<SaleRow> rows)
    {
        List<SaleRow> all = [.. rows];
        var from = default(DateTimeOffset?);
        var version = 0L;
        try
        {
            await CommitAsync(month, all, next => (version, from) = (next, observer.Now()));
        }
        catch (Exception lost) when (from is not null && IsAway(lost))
        {
            Uncertain++;
            if (!await WasCommittedAsync(month, version)) throw;
        }
        _rows[month] = all;
        observer.Note(at => new Changed(at, new(Name, month.ToString()), all) { VisibleFrom = from!.Value });
    }

    private async Task<bool> WasCommittedAsync(Month month, long version)
    {
        while (true)
        {
            try
            {
                // Nobody else writes.
                return await ReadVersionAsync(month) == version;
            }
            catch (Exception away) when (IsAway(away))
            {
                await PauseAsync(Pause, CancellationToken.None);
            }
        }
    }

    /// <summary>Some other amounts, and now and then a product that comes or goes.</summary>
    private IEnumerable<SaleRow> Changed(IReadOnlyList<SaleRow> rows)
    {
        var known = rows.ToDictionary(row => row.Product, row => row.Figures, StringComparer.Ordinal);
        var other = ChaosKeys.Products[dice.Below(ChaosKeys.Products.Count)];
        if (dice.Percent(10) && known.Remove(other)) return Rows();
        known[other] = Amount();
        foreach (var product in known.Keys.Where(_ => dice.Percent(30)).ToList()) known[product] = Amount();
        return Rows();

        IEnumerable<SaleRow> Rows() => ChaosKeys.Products.Where(known.ContainsKey).Select(product => new SaleRow(product, known[product]));
    }

    // Never the same again: what a month once was it is not later.
    private string Amount() => (++_amount).ToString(CultureInfo.InvariantCulture);

    private async Task InTurnAsync(Func<Task> work)
    {
        await _turn.WaitAsync();
        try
        {
            await work();
        }
        finally
        {
            _turn.Release();
        }
    }
}
