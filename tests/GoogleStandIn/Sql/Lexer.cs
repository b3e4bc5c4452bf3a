using System.Text;

namespace TransactionPipeline.GoogleStandIn.Sql;

internal enum TokenKind { Word, Path, Number, Text, Parameter, Symbol, End }

/// <param name="Kind">What it is.</param>
/// <param name="Text">Without quotes; of a word as written.</param>
/// <param name="Position">Where it begins in the text, for messages.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Position)
{
    public bool Is(string word) =>
        (Kind is TokenKind.Word or TokenKind.Symbol) && Text.Equals(word, StringComparison.OrdinalIgnoreCase);
}

/// <summary>Cuts GoogleSQL into tokens.</summary>
internal static class Lexer
{
    private static readonly string[] LongSymbols = ["<=", ">=", "!=", "<>", "||"];

    public static List<Token> Read(string sql)
    {
        var tokens = new List<Token>();
        var at = 0;
        while (true)
        {
            at = SkipBlank(sql, at);
            if (at == sql.Length) break;
            var start = at;
            var next = sql[at];
            if (char.IsAsciiLetter(next) || next == '_') tokens.Add(new(TokenKind.Word, While(sql, ref at, IsWord), start));
            else if (char.IsAsciiDigit(next)) tokens.Add(new(TokenKind.Number, While(sql, ref at, c => char.IsAsciiDigit(c) || c == '.'), start));
            else if (next == '@')
            {
                at++;
                tokens.Add(new(TokenKind.Parameter, While(sql, ref at, IsWord), start));
            }
            else if (next == '`') tokens.Add(new(TokenKind.Path, Quoted(sql, ref at), start));
            else if (next is '\'' or '"') tokens.Add(new(TokenKind.Text, Quoted(sql, ref at), start));
            else
            {
                var symbol = Array.Find(LongSymbols, symbol => sql.AsSpan(at).StartsWith(symbol, StringComparison.Ordinal)) ?? $"{next}";
                if (!"()=<>+-*/,.;|!?[]".Contains(next, StringComparison.Ordinal)) throw new SqlRefusedException($"Syntax error: Illegal input character \"{next}\"");
                at += symbol.Length;
                tokens.Add(new(TokenKind.Symbol, symbol, start));
            }
        }
        tokens.Add(new(TokenKind.End, "", at));
        return tokens;
    }

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    private static int SkipBlank(string sql, int at)
    {
        while (at < sql.Length)
        {
            if (char.IsWhiteSpace(sql[at])) at++;
            else if (sql.AsSpan(at).StartsWith("--", StringComparison.Ordinal))
            {
                while (at < sql.Length && sql[at] != '\n') at++;
            }
            else break;
        }
        return at;
    }

    private static string While(string sql, ref int at, Func<char, bool> belongs)
    {
        var start = at;
        while (at < sql.Length && belongs(sql[at])) at++;
        return sql[start..at];
    }

    private static string Quoted(string sql, ref int at)
    {
        var quote = sql[at++];
        var text = new StringBuilder();
        for (; at < sql.Length && sql[at] != quote; at++)
        {
            if (sql[at] == '\\' && at + 1 < sql.Length) at++;
            text.Append(sql[at]);
        }
        if (at == sql.Length) throw new SqlRefusedException("Syntax error: Unclosed string literal");
        at++;
        return text.ToString();
    }
}
