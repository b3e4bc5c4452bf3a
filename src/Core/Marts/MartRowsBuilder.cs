using System.Buffers.Binary;

namespace TransactionPipeline.Core.Marts;

/// <summary>Collects a mart's rows in any order and makes the sorted, immutable answer.</summary>
public sealed class MartRowsBuilder
{
    private const int HashBytes = TransactionIdColumn.HashBytes;

    // Columns from the start, as the answer has them: rows as objects or wide structs cost more to move than to read from the mart.
    private readonly Dictionary<string, int> _productNumbers = new(StringComparer.Ordinal);
    private readonly List<int> _product = [];
    private readonly List<int> _day = [];
    private readonly List<decimal> _amount = [];
    private readonly List<decimal> _price = [];
    private readonly List<long> _count = [];
    private readonly List<long> _quantity = [];
    private byte[] _hashes = new byte[64 * HashBytes];
    private List<string>? _texts;
    private bool _idMissing;
    private bool _quantityMissing;

    /// <summary>The rows added so far.</summary>
    public int Count => _day.Count;

    /// <summary>Adds a row. A row without an id or a quantity makes that column missing from the whole answer.</summary>
    public void Add(in MartRow row)
    {
        AddId(row.TransactionId);
        _quantityMissing |= row.TotalQuantity is null;
        if (!_productNumbers.TryGetValue(row.Product, out var product))
            _productNumbers.Add(row.Product, product = _productNumbers.Count);
        _product.Add(product);
        _day.Add(row.Date.DayNumber);
        _amount.Add(Plain(row.TotalAmount));
        _price.Add(Plain(row.AvgPrice));
        _count.Add(row.TransactionCount);
        _quantity.Add(row.TotalQuantity ?? 0);
    }

    /// <summary>Sorts what was added. The builder is used up.</summary>
    public MartRows Build()
    {
        var products = _productNumbers.Keys.Order(StringComparer.Ordinal).ToArray();
        var rank = new int[products.Length];
        for (var i = 0; i < products.Length; i++) rank[_productNumbers[products[i]]] = i;

        var order = Sort(rank);
        return new MartRows(
            Ids(order),
            products,
            Array.ConvertAll(order, i => rank[_product[i]]),
            Array.ConvertAll(order, i => _day[i]),
            Array.ConvertAll(order, i => _amount[i]),
            Array.ConvertAll(order, i => _price[i]),
            Array.ConvertAll(order, i => _count[i]),
            _quantityMissing ? null : Array.ConvertAll(order, i => _quantity[i]));
    }

    private void AddId(string? id)
    {
        if (id is null)
        {
            _idMissing = true;
            _texts?.Add("");
            return;
        }
        if (_texts is null && TransactionIdColumn.IsHash(id))
        {
            // The 64 characters of an id would be most of the memory while reading: hashes are packed at once.
            if (_hashes.Length < (Count + 1) * HashBytes) Array.Resize(ref _hashes, _hashes.Length * 2);
            Convert.FromHexString(id, HashAt(Count), out _, out _);
            return;
        }
        // The first id that is not ours: from here on, ids are kept as they are.
        _texts ??= [.. Enumerable.Range(0, Count).Select(i => Convert.ToHexStringLower(HashAt(i)))];
        _texts.Add(id);
    }

    private Span<byte> HashAt(int index) => _hashes.AsSpan(index * HashBytes, HashBytes);

    private int[] Sort(int[] rank)
    {
        var keys = new SortKey[Count];
        for (var i = 0; i < keys.Length; i++)
        {
            // The first bytes tell nearly all hashes apart; their order is that of the hex digits.
            var start = _texts is null && !_idMissing ? BinaryPrimitives.ReadUInt64BigEndian(HashAt(i)) : 0;
            keys[i] = new SortKey(start, rank[_product[i]], i);
        }
        Array.Sort(keys, (a, b) =>
            a.Product != b.Product ? a.Product.CompareTo(b.Product)
            : a.IdStart != b.IdStart ? a.IdStart.CompareTo(b.IdStart)
            : CompareIds(a.Index, b.Index));
        return Array.ConvertAll(keys, key => key.Index);
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

    private readonly record struct SortKey(ulong IdStart, int Product, int Index);
}
