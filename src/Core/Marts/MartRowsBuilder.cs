using System.Runtime.InteropServices;

namespace TransactionPipeline.Core.Marts;

/// <summary>Collects a mart's rows in any order and makes the sorted, immutable answer.</summary>
public sealed class MartRowsBuilder
{
    private readonly Dictionary<string, int> _productNumbers = new(StringComparer.Ordinal);
    private readonly List<Entry> _entries = [];
    private bool _idMissing;
    private bool _quantityMissing;

    /// <summary>The rows added so far.</summary>
    public int Count => _entries.Count;

    /// <summary>Adds a row. A row without an id or a quantity makes that column missing from the whole answer.</summary>
    public void Add(in MartRow row)
    {
        _idMissing |= row.TransactionId is null;
        _quantityMissing |= row.TotalQuantity is null;
        if (!_productNumbers.TryGetValue(row.Product, out var product))
            _productNumbers.Add(row.Product, product = _productNumbers.Count);
        // The 64 characters of an id would be most of the memory while reading: hashes are packed at once.
        var packed = row.TransactionId is { } id && TransactionIdColumn.IsHash(id) ? Hash.Parse(id) : (Hash?)null;
        _entries.Add(new Entry(
            packed, packed is null ? row.TransactionId : null, product,
            row.Date.DayNumber, Plain(row.TotalAmount), Plain(row.AvgPrice), row.TransactionCount, row.TotalQuantity ?? 0));
    }

    /// <summary>Sorts what was added. The builder is used up.</summary>
    public MartRows Build()
    {
        var products = _productNumbers.Keys.Order(StringComparer.Ordinal).ToArray();
        var rank = new int[products.Length];
        for (var i = 0; i < products.Length; i++) rank[_productNumbers[products[i]]] = i;

        var entries = CollectionsMarshal.AsSpan(_entries);
        entries.Sort((a, b) => a.Product != b.Product ? rank[a.Product].CompareTo(rank[b.Product]) : Entry.CompareIds(a, b));

        var count = entries.Length;
        var ids = _idMissing ? null : new string[count];
        var product = new int[count];
        var day = new int[count];
        var amount = new decimal[count];
        var price = new decimal[count];
        var transactions = new long[count];
        var quantity = _quantityMissing ? null : new long[count];
        var hashes = !_idMissing && _entries.TrueForAll(entry => entry.Packed is not null) ? new byte[count * Hash.Length] : null;
        for (var i = 0; i < count; i++)
        {
            ref readonly var entry = ref entries[i];
            if (hashes is not null) entry.Packed!.Value.CopyTo(hashes.AsSpan(i * Hash.Length));
            else if (ids is not null) ids[i] = entry.Id ?? entry.Packed!.Value.ToString();
            product[i] = rank[entry.Product];
            day[i] = entry.Day;
            amount[i] = entry.Amount;
            price[i] = entry.Price;
            transactions[i] = entry.Count;
            if (quantity is not null) quantity[i] = entry.Quantity;
        }
        var column = hashes is not null ? TransactionIdColumn.OfPacked(hashes)
            : ids is not null ? TransactionIdColumn.Of(ids) : TransactionIdColumn.Missing;
        return new MartRows(column, products, product, day, amount, price, transactions, quantity);
    }

    /// <summary>Without trailing zeros, which each store adds in its own way: 249.9000 and 249.90 are the same answer, 249.9.</summary>
    private static decimal Plain(decimal value) => value / 1.0000000000000000000000000000m;

    private readonly record struct Entry(
        Hash? Packed, string? Id, int Product, int Day, decimal Amount, decimal Price, long Count, long Quantity)
    {
        public static int CompareIds(in Entry a, in Entry b) =>
            a is { Packed: { } left } && b is { Packed: { } right }
                ? left.CompareTo(right)
                : string.CompareOrdinal(a.Id ?? a.Packed?.ToString(), b.Id ?? b.Packed?.ToString());
    }

    /// <summary>32 bytes whose order is the ordinal order of their hex digits.</summary>
    private readonly record struct Hash(UInt128 High, UInt128 Low)
    {
        public const int Length = 32;

        public static Hash Parse(string hex)
        {
            Span<byte> bytes = stackalloc byte[Length];
            Convert.FromHexString(hex, bytes, out _, out _);
            return new(
                System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes),
                System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes[16..]));
        }

        public int CompareTo(Hash other) => High != other.High ? High.CompareTo(other.High) : Low.CompareTo(other.Low);

        public void CopyTo(Span<byte> bytes)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, High);
            System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes[16..], Low);
        }

        public override string ToString()
        {
            Span<byte> bytes = stackalloc byte[Length];
            CopyTo(bytes);
            return Convert.ToHexStringLower(bytes);
        }
    }
}
