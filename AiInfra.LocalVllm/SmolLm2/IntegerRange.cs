using System.Globalization;
using static AiInfra.LocalVllm.SmolLm2.GrammarText;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>The decimal numbers between two bounds as grammar.</summary>
internal static class IntegerRange
{
    /// <summary>The largest magnitude that JSON's readers keep exactly.</summary>
    private const long Largest = 999_999_999_999_999;

    public static GrammarNode Between(long? min, long? max)
    {
        var (low, high) = (Math.Max(min ?? -Largest, -Largest), Math.Min(max ?? Largest, Largest));
        if (low > high)
        {
            throw new GrammarException($"No integer lies between {min} and {max}.");
        }

        var options = new List<GrammarNode>();
        if (low < 0)
        {
            var negative = new List<GrammarNode>();
            AddMagnitudes(negative, Math.Max(1, -Math.Min(high, -1)), -low);
            options.Add(Sequence(Literal("-"), new ChoiceNode(negative)));
        }

        if (high >= 0)
        {
            AddMagnitudes(options, Math.Max(low, 0), high);
        }

        return new ChoiceNode(options);
    }

    /// <summary>Numbers between the bounds, whole or not; at a bound only whole ones, so that rounding never steps over it.</summary>
    public static GrammarNode NumbersBetween(double? min, double? max, bool isMinExcluded, bool isMaxExcluded)
    {
        var low = (long)Math.Ceiling(Math.Max(min ?? -Largest, -Largest));
        var high = (long)Math.Floor(Math.Min(max ?? Largest, Largest));
        var options = new List<GrammarNode>();
        var (firstWhole, lastWhole) = (low == min && isMinExcluded ? low + 1 : low, high == max && isMaxExcluded ? high - 1 : high);
        if (firstWhole <= lastWhole)
        {
            options.Add(Between(firstWhole, lastWhole));
        }

        // k.f lies between k and k + 1, -k.f between -(k + 1) and -k.
        if (Math.Max(low, 0) <= high - 1)
        {
            options.Add(Sequence(Between(Math.Max(low, 0), high - 1), JsonText.Fraction));
        }

        if (Math.Max(-high, 0) <= -low - 1)
        {
            options.Add(Sequence(Literal("-"), Between(Math.Max(-high, 0), -low - 1), JsonText.Fraction));
        }

        return options.Count > 0
            ? new ChoiceNode(options)
            : throw new GrammarException($"No number between {min} and {max} can be generated: the bounds must have a whole number between them.");
    }

    private static void AddMagnitudes(List<GrammarNode> options, long low, long high)
    {
        // One piece for each number of digits.
        for (long from = 0, to = 9; from <= high; from = to + 1, to = (to * 10) + 9)
        {
            if (low <= to)
            {
                options.Add(SameLength(Math.Max(low, from).ToString(CultureInfo.InvariantCulture), Math.Min(high, to).ToString(CultureInfo.InvariantCulture)));
            }
        }
    }

    // 137..452: 1(37..99) | [2-3][0-9][0-9] | 4(00..52)
    private static GrammarNode SameLength(string low, string high)
    {
        if (low.All(digit => digit == '0') && high.All(digit => digit == '9'))
        {
            return new RepeatNode(ByteSetNode.Range('0', '9'), low.Length, low.Length);
        }

        if (low.Length == 1)
        {
            return ByteSetNode.Range(low[0], high[0]);
        }

        if (low[0] == high[0])
        {
            return Sequence(ByteSetNode.Range(low[0], low[0]), SameLength(low[1..], high[1..]));
        }

        var (first, last) = (low[0] + 1, high[0] - 1);
        var options = new List<GrammarNode>
        {
            Sequence(ByteSetNode.Range(low[0], low[0]), SameLength(low[1..], new string('9', low.Length - 1))),
            Sequence(ByteSetNode.Range(high[0], high[0]), SameLength(new string('0', low.Length - 1), high[1..])),
        };
        if (first <= last)
        {
            options.Add(Sequence(ByteSetNode.Range(first, last), new RepeatNode(ByteSetNode.Range('0', '9'), low.Length - 1, low.Length - 1)));
        }

        return new ChoiceNode(options);
    }
}
