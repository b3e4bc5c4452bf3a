using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;

namespace TransactionPipeline.Web.Dashboard.Charts;

/// <summary>
/// Writes SVG that is safe to set into HTML: every text and attribute value is escaped, and nothing is styled but by class and
/// presentation attributes, as the page's Content-Security-Policy asks.
/// </summary>
internal sealed class SvgWriter
{
    private readonly StringBuilder _text = new();
    private readonly Stack<string> _open = new();

    /// <summary>Opens an element. Numbers are written with at most two decimals and a point.</summary>
    public SvgWriter Open(string element, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        Start(element, attributes);
        _text.Append('>');
        _open.Push(element);
        return this;
    }

    /// <summary>Writes an element with text, or nothing, inside.</summary>
    public SvgWriter Leaf(string element, string? content, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        Start(element, attributes);
        if (content is null) _text.Append("/>");
        else _text.Append('>').Append(Escape(content)).Append("</").Append(element).Append('>');
        return this;
    }

    /// <summary>Closes the innermost open element.</summary>
    public SvgWriter Close()
    {
        _text.Append("</").Append(_open.Pop()).Append('>');
        return this;
    }

    /// <summary>A share of the width or height: <c>12.5%</c>.</summary>
    public static string Percent(decimal value) => Number(value) + "%";

    /// <inheritdoc/>
    public override string ToString() =>
        _open.Count == 0 ? _text.ToString() : throw new InvalidOperationException($"<{_open.Peek()}> is still open.");

    private void Start(string element, ReadOnlySpan<(string Name, object Value)> attributes)
    {
        _text.Append('<').Append(element);
        foreach (var (name, value) in attributes)
        {
            var text = value switch
            {
                decimal number => Number(number),
                int number => number.ToString(CultureInfo.InvariantCulture),
                _ => Escape($"{value}"),
            };
            _text.Append(' ').Append(name).Append("=\"").Append(text).Append('"');
        }
    }

    private static string Number(decimal value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private static string Escape(string text) => HtmlEncoder.Default.Encode(text);
}
