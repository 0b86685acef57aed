using System.Text;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>Text and characters as grammar: code points become the byte sequences of their UTF-8.</summary>
internal static class GrammarText
{
    public const int LastCodePoint = 0x10FFFF;

    public static GrammarNode Literal(string text) =>
        new SequenceNode([.. Encoding.UTF8.GetBytes(text).Select(value => ByteSetNode.Range(value, value))]);

    public static GrammarNode Optional(GrammarNode node) => new RepeatNode(node, 0, 1);

    public static GrammarNode Sequence(params GrammarNode[] items) => new SequenceNode(items);

    public static GrammarNode Choice(params GrammarNode[] options) => new ChoiceNode(options);

    /// <summary>One character of the given ranges of code points; surrogates have no UTF-8 and are left out.</summary>
    public static GrammarNode Characters(IEnumerable<(int First, int Last)> ranges)
    {
        UInt128 ascii = 0;
        var options = new List<GrammarNode>();
        foreach (var (first, last) in ranges.SelectMany(WithoutSurrogates))
        {
            for (var value = first; value <= Math.Min(last, 0x7F); value++)
            {
                ascii |= UInt128.One << value;
            }

            // Pieces within which the encoding has one length.
            foreach (var (from, to) in new[] { (0x80, 0x7FF), (0x800, 0xFFFF), (0x10000, LastCodePoint) })
            {
                if (first <= to && last >= from)
                {
                    AddSplit(options, Math.Max(first, from), Math.Min(last, to));
                }
            }
        }

        if (ascii != 0)
        {
            options.Insert(0, new ByteSetNode(ascii, 0));
        }

        return options.Count == 1 ? options[0] : new ChoiceNode(options);
    }

    /// <summary>The ranges of all characters that are in none of <paramref name="ranges"/>.</summary>
    public static IEnumerable<(int First, int Last)> Except(IEnumerable<(int First, int Last)> ranges)
    {
        var next = 0;
        foreach (var (first, last) in ranges.OrderBy(range => range.First))
        {
            if (first > next)
            {
                yield return (next, first - 1);
            }

            next = Math.Max(next, last + 1);
        }

        if (next <= LastCodePoint)
        {
            yield return (next, LastCodePoint);
        }
    }

    private static IEnumerable<(int First, int Last)> WithoutSurrogates((int First, int Last) range)
    {
        if (range.First <= Math.Min(range.Last, 0xD7FF))
        {
            yield return (range.First, Math.Min(range.Last, 0xD7FF));
        }

        if (Math.Max(range.First, 0xE000) <= range.Last)
        {
            yield return (Math.Max(range.First, 0xE000), range.Last);
        }
    }

    // Splits a range until first and last differ only in trailing bytes that run over all of 80..BF: then it is one product of byte ranges.
    private static void AddSplit(List<GrammarNode> options, int first, int last)
    {
        for (var bits = 6; bits <= 18; bits += 6)
        {
            var mask = (1 << bits) - 1;
            if ((first & ~mask) == (last & ~mask))
            {
                break;
            }

            if ((first & mask) != 0)
            {
                AddSplit(options, first, first | mask);
                AddSplit(options, (first | mask) + 1, last);
                return;
            }

            if ((last & mask) != mask)
            {
                AddSplit(options, first, (last & ~mask) - 1);
                AddSplit(options, last & ~mask, last);
                return;
            }
        }

        Span<byte> low = stackalloc byte[4];
        Span<byte> high = stackalloc byte[4];
        var length = new Rune(first).EncodeToUtf8(low);
        new Rune(last).EncodeToUtf8(high);
        var bytes = new GrammarNode[length];
        for (var i = 0; i < length; i++)
        {
            bytes[i] = ByteSetNode.Range(low[i], high[i]);
        }

        options.Add(new SequenceNode(bytes));
    }
}
