namespace TransactionPipeline.Core.Marts;

/// <summary>The products of an answer, each once, in ordinal order. Most small answers have one, which needs no array.</summary>
internal readonly struct ProductColumn
{
    /// <summary>Of a name, beside its characters: the string and its place in the array.</summary>
    private const long BytesOfName = 32;

    // A text, or an array of them.
    private readonly object _names;

    public ProductColumn(string[] names) => _names = names.Length == 1 ? names[0] : names;

    public long SizeInBytes => _names is string one
        ? BytesOfName + (2L * one.Length)
        : 24 + ((string[])_names).Sum(static name => BytesOfName + (2L * name.Length));

    public string this[int index] => _names as string ?? ((string[])_names)[index];

    public ProductColumn Slice(int start, int end) => _names is string ? this : new(((string[])_names)[start..end]);
}
