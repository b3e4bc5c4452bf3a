using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace TransactionPipeline.Core.Marts;

/// <summary>Collects a mart's rows in any order and makes the sorted, immutable answer.</summary>
public sealed class MartRowsBuilder
{
    private const int HashBytes = TransactionIdColumn.HashBytes;

    // In arrays from the start, as the answer has them: rows as objects cost more to move than to read from the mart.
    private readonly Dictionary<string, int> _productNumbers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _productsByText;
    private readonly List<MartCells> _cells = [];
    private byte[] _hashes = new byte[64 * HashBytes];
    private List<string>? _texts;
    private bool _idMissing;
    private bool _quantityMissing;

    /// <summary>A builder without rows.</summary>
    public MartRowsBuilder() => _productsByText = _productNumbers.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The rows added so far.</summary>
    public int Count => _cells.Count;

    /// <summary>Adds a row. A row without an id or a quantity makes that column missing from the whole answer.</summary>
    public void Add(in MartRow row)
    {
        if (row.TransactionId is { } id) AddId(id);
        else AddMissingId();
        Add(row.Product, row.Date, row.TotalAmount, row.AvgPrice, row.TransactionCount, row.TotalQuantity);
    }

    /// <summary>Adds a row whose texts are read in place: a month has many rows, and few products to keep of them.</summary>
    internal void Add(
        ReadOnlySpan<char> transactionId, ReadOnlySpan<char> product, DateOnly date, decimal amount, decimal price, long count, long? quantity)
    {
        AddId(transactionId);
        Add(product, date, amount, price, count, quantity);
    }

    /// <summary>Sorts what was added. The builder is used up.</summary>
    public MartRows Build()
    {
        var products = _productNumbers.Keys.Order(StringComparer.Ordinal).ToArray();
        var rank = new int[products.Length];
        for (var i = 0; i < products.Length; i++) rank[_productNumbers[products[i]]] = i;

        var order = Sort(rank);
        var cells = Array.ConvertAll(order, i => _cells[i] with { Product = rank[_cells[i].Product] });
        return new MartRows(Ids(order), new(products), cells, hasQuantity: !_quantityMissing);
    }

    private void Add(ReadOnlySpan<char> name, DateOnly date, decimal amount, decimal price, long count, long? quantity)
    {
        _quantityMissing |= quantity is null;
        if (!_productsByText.TryGetValue(name, out var product)) _productNumbers.Add(name.ToString(), product = _productNumbers.Count);
        _cells.Add(new(Plain(amount), Plain(price), count, quantity ?? 0, product, date.DayNumber));
    }

    private void AddMissingId()
    {
        _idMissing = true;
        _texts?.Add("");
    }

    private void AddId(ReadOnlySpan<char> id)
    {
        // The whole answer has none then, so those that come are not kept.
        if (_idMissing) return;
        if (_texts is null && TransactionIdColumn.IsHash(id))
        {
            // The 64 characters of an id would be most of the memory while reading: hashes are packed at once.
            if (_hashes.Length < (Count + 1) * HashBytes) Array.Resize(ref _hashes, _hashes.Length * 2);
            Convert.FromHexString(id, HashAt(Count), out _, out _);
            return;
        }
        // The first id that is not ours: from here on, ids are kept as they are.
        _texts ??= [.. Enumerable.Range(0, Count).Select(i => Convert.ToHexStringLower(HashAt(i)))];
        _texts.Add(id.ToString());
    }

    private Span<byte> HashAt(int index) => _hashes.AsSpan(index * HashBytes, HashBytes);

    /// <summary>Product by product, each by the first bytes of its ids: they tell nearly all hashes apart, and their order is that of the digits.</summary>
    private int[] Sort(int[] rank)
    {
        var ends = new int[rank.Length];
        foreach (ref readonly var cells in CollectionsMarshal.AsSpan(_cells)) ends[rank[cells.Product]]++;
        for (var i = 1; i < ends.Length; i++) ends[i] += ends[i - 1];

        var (order, keys, next) = (new int[Count], new ulong[Count], ends.ToArray());
        for (var i = Count - 1; i >= 0; i--)
        {
            var place = --next[rank[_cells[i].Product]];
            order[place] = i;
            keys[place] = _texts is null && !_idMissing ? BinaryPrimitives.ReadUInt64BigEndian(HashAt(i)) : 0;
        }
        for (var product = 0; product < ends.Length; product++) SortIds(keys, order, next[product], ends[product]);
        return order;
    }

    private void SortIds(ulong[] keys, int[] order, int start, int end)
    {
        Array.Sort(keys, order, start, end - start);
        for (var same = start; same < end; same = start)
        {
            while (start < end && keys[start] == keys[same]) start++;
            if (start - same > 1) order.AsSpan(same, start - same).Sort(CompareIds);
        }
    }

    private int CompareIds(int a, int b)
    {
        var order = _idMissing ? 0
            : _texts is null ? HashAt(a).SequenceCompareTo(HashAt(b))
            : string.CompareOrdinal(_texts[a], _texts[b]);
        // A mart made elsewhere may repeat ids or have none: the order the rows came in then decides.
        return order != 0 ? order : a.CompareTo(b);
    }

    private TransactionIdColumn Ids(int[] order)
    {
        if (_idMissing && Count > 0) return TransactionIdColumn.Missing;
        if (_texts is not null) return TransactionIdColumn.Of(Array.ConvertAll(order, i => _texts[i]));
        var hashes = new byte[order.Length * HashBytes];
        for (var i = 0; i < order.Length; i++) HashAt(order[i]).CopyTo(hashes.AsSpan(i * HashBytes));
        return TransactionIdColumn.OfPacked(hashes);
    }

    /// <summary>Without trailing zeros, which each store adds in its own way: 249.9000 and 249.90 are the same answer, 249.9.</summary>
    private static decimal Plain(decimal value)
    {
        if (value.Scale == 0) return value;
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        // More than 64 bits: rare enough for decimal's own division.
        if (bits[2] != 0) return value / 1.0000000000000000000000000000m;
        var digits = ((ulong)(uint)bits[1] << 32) | (uint)bits[0];
        var scale = value.Scale;
        for (; scale > 0 && digits % 10 == 0; scale--) digits /= 10;
        return new decimal((int)digits, (int)(digits >> 32), 0, value < 0, scale);
    }
}
