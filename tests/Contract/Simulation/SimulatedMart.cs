using TransactionPipeline.Contract.History;
using TransactionPipeline.Core.Cache;
using TransactionPipeline.Core.Marts;

namespace TransactionPipeline.Contract.Simulation;

/// <summary>A mart with a few products in a few months, whose pace and failures are the plan's.</summary>
internal sealed class SimulatedMart
{
    /// <summary>What is sold; the keys' prefixes cut between them.</summary>
    private static readonly string[] Products = ["Halal Bag", "Halal Laptop", "Halal Laptop Bag", "Halal Laptops", "Halan", "Haram"];

    private readonly World _world;
    private readonly Dictionary<Month, List<State>> _months = [];
    private readonly Dictionary<Month, string> _tokens = [];
    private readonly bool _hasOneToken;
    private readonly Dictionary<MartRows, string> _texts = new(ReferenceEqualityComparer.Instance);
    private int _lastToken;
    private int _queries;

    public SimulatedMart(World world, IEnumerable<Month> months, bool hasOneToken)
    {
        (_world, _hasOneToken) = (world, hasOneToken);
        foreach (var month in months)
        {
            _months[month] = [];
            Commit(month, [.. Products.Select(product => new SaleRow(product, "1"))], isTold: true);
        }
    }

    public MartMode Mode { get; set; }

    /// <summary>As <see cref="IMartSource.HasOneToken"/>.</summary>
    public bool HasOneToken => _hasOneToken;

    /// <summary>Some products' figures become others, or a product goes or comes.</summary>
    public void Change(Month month, int what)
    {
        var figures = $"{_months[month].Count + 1}";
        var before = _months[month][^1].Rows;
        SaleRow[] rows = (what % 4) switch
        {
            0 => [.. before.Select(row => row with { Figures = figures })],
            1 => [.. before.Select((row, i) => i == what / 4 % before.Count ? row with { Figures = figures } : row)],
            // All of a prefix may go.
            2 => [.. Products.Where((_, i) => (what >> 2 >> i & 1) == 1).Select(product => new SaleRow(product, figures))],
            _ => [.. Products.Select(product => new SaleRow(product, figures))],
        };
        Commit(month, rows.Length > 0 ? rows : [before.Count > 0 ? before[0] : new(Products[0], figures)], isTold: true);
    }

    /// <summary>As <see cref="Change"/>, but the token shows first, and the rows only <paramref name="later"/>.</summary>
    public void ChangeTokenFirst(Month month, TimeSpan later)
    {
        NextToken(month);
        _world.History.Add(new Fault(_world.Now, FaultKind.TokenBeforeRows, "mart"));
        _world.After(later, () =>
        {
            _world.History.Add(new Fault(_world.Now, FaultKind.TokenBeforeRows, "mart", IsOver: true));
            var figures = $"{_months[month].Count + 1}";
            // Others may have committed meanwhile: theirs are in it.
            Commit(month, [.. _months[month][^1].Rows.Select(row => row with { Figures = figures })], isTold: false);
        });
    }

    /// <summary>The month has the rows of an earlier state again; its token too, where the mart was restored from a copy.</summary>
    public void GoBack(Month month, int states, bool tokenToo)
    {
        var state = _months[month][Math.Max(0, _months[month].Count - 1 - states)];
        _world.History.Add(new Fault(_world.Now, FaultKind.MartWentBack, "mart"));
        _world.History.Add(new Fault(_world.Now, FaultKind.MartWentBack, "mart", IsOver: true));
        // One token for all months goes back with all of them only.
        var token = tokenToo && !_hasOneToken ? state.Token : null;
        Commit(month, state.Rows, isTold: token is null, token);
    }

    /// <summary>The mart as a silo reaches it.</summary>
    public IMartSource Connect(Link link, bool isCostlyToPoll) => new Source(this, link, isCostlyToPoll);

    /// <summary>Rows as the history tells them.</summary>
    public string TextOf(MartRows rows)
    {
        if (!_texts.TryGetValue(rows, out var text))
            _texts[rows] = text = SaleRow.Text(rows.All().Select(row => new SaleRow(row.Product, $"{row.TotalAmount}")));
        return text;
    }

    private void Commit(Month month, IReadOnlyList<SaleRow> rows, bool isTold, string? token = null)
    {
        if (token is not null) _tokens[month] = token;
        else if (isTold) NextToken(month);
        _months[month].Add(new State(rows, _tokens[month]));
        _world.History.Add(new Changed(_world.Now, new("warehouse", month.ToString()), rows, isTold));
    }

    private void NextToken(Month month)
    {
        var token = $"{++_lastToken}";
        if (!_hasOneToken) _tokens[month] = token;
        else foreach (var one in _months.Keys) _tokens[one] = token;
    }

    private int Takes() =>
        Mode != MartMode.Slow ? _world.Dice.Between(500, 30_000)
        // Some take longer than a lease lasts that nobody renews.
        : _world.Dice.Percent(15) ? _world.Dice.Between(8_000_000, 14_000_000)
        : _world.Dice.Between(300_000, 4_000_000);

    private MartRows Read(QueryKey key)
    {
        var rows = new MartRowsBuilder();
        foreach (var row in _months[key.Month][^1].Rows)
        {
            if (row.Product.StartsWith(key.Prefix, StringComparison.Ordinal))
                rows.Add(new MartRow(null, row.Product, key.Month.FirstDay, int.Parse(row.Figures), 1m, 1, null));
        }
        return rows.Build();
    }

    private sealed record State(IReadOnlyList<SaleRow> Rows, string Token);

    private sealed class Source(SimulatedMart mart, Link link, bool isCostlyToPoll) : IMartSource
    {
        public string Store => "simulated";

        public bool IsCostlyToPoll => isCostlyToPoll;

        public bool HasOneToken => mart.HasOneToken;

        public Task<string> GetChangeTokenAsync(Month month, CancellationToken cancellationToken) => CallAsync(() => mart._tokens[month], onEnd: null, cancellationToken);

        public Task<MartRows> ReadAsync(QueryKey key, CancellationToken cancellationToken)
        {
            var query = ++mart._queries;
            mart._world.History.Add(new QueryBegan(mart._world.Now, query, Keys.Told(key)));
            return CallAsync(
                () => mart.Read(key), hasSucceeded => mart._world.History.Add(new QueryEnded(mart._world.Now, query, hasSucceeded)), cancellationToken);
        }

        public Task<Month?> FindNewestMonthAsync(CancellationToken cancellationToken) =>
            CallAsync(() => (Month?)mart._months.Keys.Max(), onEnd: null, cancellationToken);

        private Task<T> CallAsync<T>(Func<T> answer, Action<bool>? onEnd, CancellationToken cancellationToken) => link.CallAsync(
            TimeSpan.FromMicroseconds(mart.Takes()),
            () => mart.Mode switch
            {
                MartMode.Fails => throw new MartException("the mart fails", MartFailure.Transient),
                MartMode.NoBudget => throw new MartException("the budget is spent", MartFailure.Unavailable),
                _ => answer(),
            },
            failure =>
            {
                onEnd?.Invoke(failure is null);
                return failure;
            },
            () => onEnd?.Invoke(false),
            cancellationToken);
    }
}

/// <summary>How a mart is.</summary>
internal enum MartMode
{
    Well,
    Slow,
    Fails,
    NoBudget,
}
