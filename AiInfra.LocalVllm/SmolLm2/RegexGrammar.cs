using System.Globalization;
using static AiInfra.LocalVllm.SmolLm2.GrammarText;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>A regular expression as grammar: what automata can do (no look-around, no back references).</summary>
/// <remarks>
/// Sample: <c>(\d{4})-(0[1-9]|1[0-2])|n/a</c>. With <paramref name="character"/> the characters of a match are written in another way, for
/// instance escaped inside a JSON string.
/// </remarks>
internal sealed class RegexGrammar(string pattern, Func<IEnumerable<(int First, int Last)>, GrammarNode> character)
{
    private const int MaxRepeat = 10_000;
    private const int MaxDepth = 100;

    private static readonly (int First, int Last)[] Digits = [('0', '9')];
    private static readonly (int First, int Last)[] Words = [('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];
    private static readonly (int First, int Last)[] Spaces = [('\t', '\r'), (' ', ' ')];

    private int _at;
    private int _depth;

    /// <summary>The whole text must match.</summary>
    public static GrammarNode Whole(string pattern) => new RegexGrammar(pattern, Characters).Parse(isSearch: false);

    /// <summary>A match anywhere in the text will do, as in a schema's <c>pattern</c>.</summary>
    public static GrammarNode Search(string pattern, Func<IEnumerable<(int First, int Last)>, GrammarNode> character) =>
        new RegexGrammar(pattern, character).Parse(isSearch: true);

    private GrammarNode Parse(bool isSearch)
    {
        var isOpenAtStart = isSearch && !pattern.StartsWith('^');
        var isOpenAtEnd = isSearch && !pattern.EndsWith('$');
        var body = Alternatives();
        if (_at < pattern.Length)
        {
            throw Refuse("')' without '('");
        }

        var anything = new RepeatNode(character([(0, LastCodePoint)]), 0, null);
        return Sequence(isOpenAtStart ? anything : GrammarNode.Empty, body, isOpenAtEnd ? anything : GrammarNode.Empty);
    }

    private GrammarNode Alternatives()
    {
        if (++_depth > MaxDepth)
        {
            throw Refuse("groups are nested too deep");
        }

        var options = new List<GrammarNode> { Pieces() };
        while (Take('|'))
        {
            options.Add(Pieces());
        }

        _depth--;
        return options.Count == 1 ? options[0] : new ChoiceNode(options);
    }

    private GrammarNode Pieces()
    {
        var items = new List<GrammarNode>();
        while (_at < pattern.Length && pattern[_at] is not ('|' or ')'))
        {
            items.Add(Quantified(Atom()));
        }

        return items.Count == 1 ? items[0] : new SequenceNode(items);
    }

    private GrammarNode Quantified(GrammarNode atom)
    {
        while (_at < pattern.Length && pattern[_at] is '*' or '+' or '?' or '{')
        {
            var (min, max) = pattern[_at] switch
            {
                '*' => (0, null),
                '+' => (1, (int?)null),
                '?' => (0, 1),
                _ => Bounds(),
            };
            _at++;
            // Greedy, lazy or possessive: the set of matching texts is the same.
            _ = Take('?') || Take('+');
            atom = new RepeatNode(atom, min, max);
        }

        return atom;
    }

    // {3}, {3,} or {3,5}; leaves the position at the brace.
    private (int Min, int? Max) Bounds()
    {
        var end = pattern.IndexOf('}', _at);
        var parts = end < 0 ? [] : pattern[(_at + 1)..end].Split(',');
        if (parts.Length is 0 or > 2 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var min))
        {
            throw Refuse("'{' must start a repetition such as {2,5}; write \\{ for the character");
        }

        int? max = parts.Length == 1 ? min : null;
        if (parts is [_, { Length: > 0 } last])
        {
            max = int.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
                ? value
                : throw Refuse("a repetition must end with a number");
        }

        _at = end;
        return min <= MaxRepeat && (max ?? 0) <= MaxRepeat && (max ?? min) >= min
            ? (min, max)
            : throw Refuse($"repetitions go from a smaller to a larger number, at most {MaxRepeat}");
    }

    private GrammarNode Atom()
    {
        var symbol = pattern[_at++];
        switch (symbol)
        {
            case '(':
                return Group();
            case '[':
                return character(Class());
            case '.':
                return character(Except([('\n', '\n')]));
            case '\\':
                return character(Escape());
            case '^' when _at == 1:
            case '$' when _at == pattern.Length:
                return GrammarNode.Empty;
            case '^' or '$':
                throw Refuse("'^' and '$' are understood at the ends only");
            case '*' or '+' or '?':
                throw Refuse($"'{symbol}' has nothing to repeat");
            default:
                _at--;
                return character([Single()]);
        }
    }

    private GrammarNode Group()
    {
        if (Take('?') && !Take(':'))
        {
            var end = pattern.IndexOf('>', _at);
            var isNamed = pattern[_at..] is ['<', not ('=' or '!'), ..] or ['P', '<', ..];
            _at = isNamed && end > 0 ? end + 1 : throw Refuse("look-around and options are not supported");
        }

        var body = Alternatives();
        return Take(')') ? body : throw Refuse("'(' without ')'");
    }

    private IEnumerable<(int First, int Last)> Class()
    {
        var isNegated = Take('^');
        var ranges = new List<(int First, int Last)>();
        var isFirst = true;
        for (; _at < pattern.Length && (isFirst || pattern[_at] != ']'); isFirst = false)
        {
            var item = pattern[_at] == '\\' ? EscapeInClass() : [Single()];
            if (item is [var (first, same)] && first == same && pattern[_at..] is ['-', not ']', ..])
            {
                _at++;
                var end = pattern[_at] == '\\' ? EscapeInClass() : [Single()];
                item = end is [var (last, _)] && last >= first ? [(first, last)] : throw Refuse("a range goes from a smaller to a larger character");
            }

            ranges.AddRange(item);
        }

        return !Take(']') ? throw Refuse("'[' without ']'") : isNegated ? Except(ranges) : ranges;
    }

    private (int First, int Last)[] EscapeInClass()
    {
        _at++;
        return Escape();
    }

    private (int First, int Last)[] Escape()
    {
        if (_at >= pattern.Length)
        {
            throw Refuse("'\\' at the end");
        }

        var symbol = pattern[_at++];
        return symbol switch
        {
            'd' => Digits,
            'D' => [.. Except(Digits)],
            'w' => Words,
            'W' => [.. Except(Words)],
            's' => Spaces,
            'S' => [.. Except(Spaces)],
            'n' => One('\n'),
            't' => One('\t'),
            'r' => One('\r'),
            'f' => One('\f'),
            'v' => One('\v'),
            'x' => One(HexDigits(2)),
            'u' => One(HexDigits(4)),
            _ when char.IsAsciiLetterOrDigit(symbol) => throw Refuse($"'\\{symbol}' is not supported"),
            _ => One(symbol),
        };

        static (int First, int Last)[] One(int value) => [(value, value)];
    }

    private int HexDigits(int count)
    {
        if (_at + count <= pattern.Length
            && int.TryParse(pattern.AsSpan(_at, count), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
        {
            _at += count;
            return value;
        }

        throw Refuse($"\\x and \\u need {count} hexadecimal digits");
    }

    private (int First, int Last) Single()
    {
        var isPair = _at + 1 < pattern.Length && char.IsSurrogatePair(pattern[_at], pattern[_at + 1]);
        var value = isPair ? char.ConvertToUtf32(pattern, _at) : pattern[_at];
        _at += isPair ? 2 : 1;
        return (value, value);
    }

    private bool Take(char symbol)
    {
        if (_at < pattern.Length && pattern[_at] == symbol)
        {
            _at++;
            return true;
        }

        return false;
    }

    private GrammarException Refuse(string reason) => new($"The regular expression cannot be used (at character {_at}): {reason}.");
}
