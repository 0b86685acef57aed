using System.Text.Encodings.Web;
using System.Text.Json;
using static AiInfra.LocalVllm.SmolLm2.GrammarText;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>JSON (RFC 8259) as grammar, with little white space and bounded nesting, so that a small model gets to the end of it.</summary>
internal static class JsonText
{
    /// <summary>Parsers stop at 64 levels by default.</summary>
    private const int MaxDepth = 24;

    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly GrammarNode Hex = Characters([('0', '9'), ('a', 'f'), ('A', 'F')]);
    private static readonly GrammarNode Digit = Characters([('0', '9')]);
    private static readonly GrammarNode NonZero = Characters([('1', '9')]);

    /// <summary>Nothing, a space, or a line break with some indentation.</summary>
    public static GrammarNode Space { get; } =
        Choice(GrammarNode.Empty, Literal(" "), Sequence(Literal("\n"), new RepeatNode(Literal(" "), 0, 2 * MaxDepth)));

    // \u for surrogates is left out: half of a pair is no text.
    private static readonly GrammarNode Escape = Sequence(
        Literal("\\"),
        Choice(
            Characters([('"', '"'), ('\\', '\\'), ('/', '/'), ('b', 'b'), ('f', 'f'), ('n', 'n'), ('r', 'r'), ('t', 't')]),
            Sequence(Literal("u"), Choice(
                Sequence(Characters([('0', '9'), ('a', 'c'), ('e', 'f'), ('A', 'C'), ('E', 'F')]), Hex, Hex, Hex),
                Sequence(Characters([('d', 'd'), ('D', 'D')]), Characters([('0', '7')]), Hex, Hex)))));

    /// <summary>One character of a string, written plainly or escaped.</summary>
    public static GrammarNode Character { get; } =
        Choice(Characters(Except([(0, 0x1F), ('"', '"'), ('\\', '\\'), (0x7F, 0x7F)])), Escape);

    public static GrammarNode String { get; } = StringOf(0, null);

    // Digits are bounded: endless ones are what a small model falls into, and no parser keeps them.
    public static GrammarNode Integer { get; } =
        Sequence(Optional(Literal("-")), Choice(Literal("0"), Sequence(NonZero, new RepeatNode(Digit, 0, 14))));

    /// <summary>A number between integers: never whole, so it lies inside both.</summary>
    public static GrammarNode Fraction { get; } = Sequence(Literal("."), new RepeatNode(Digit, 0, 14), NonZero);

    public static GrammarNode Number { get; } = Sequence(
        Integer,
        Optional(Sequence(Literal("."), new RepeatNode(Digit, 1, 15))),
        Optional(Sequence(Characters([('e', 'e'), ('E', 'E')]), Optional(Characters([('+', '+'), ('-', '-')])), new RepeatNode(Digit, 1, 2))));

    public static GrammarNode Boolean { get; } = Choice(Literal("true"), Literal("false"));

    public static GrammarNode Null { get; } = Literal("null");

    /// <summary>Any value.</summary>
    public static GrammarNode Value { get; } = ValueWithin(MaxDepth);

    /// <summary>Any object.</summary>
    public static GrammarNode Object { get; } = ObjectOf(Pair(String, ValueWithin(MaxDepth - 1)));

    /// <summary>Any array.</summary>
    public static GrammarNode Array { get; } = ArrayOf(ValueWithin(MaxDepth - 1), 0, null);

    public static GrammarNode StringOf(int minLength, int? maxLength) =>
        Sequence(Literal("\""), new RepeatNode(Character, minLength, maxLength), Literal("\""));

    /// <summary>Exactly this value as it is usually written.</summary>
    public static GrammarNode Constant(JsonElement value) => Literal(JsonSerializer.Serialize(value, Readable));

    public static GrammarNode Pair(GrammarNode name, GrammarNode value) => Sequence(name, Literal(":"), Space, value);

    /// <summary>An object with any number of <paramref name="pair"/>.</summary>
    public static GrammarNode ObjectOf(GrammarNode pair) => Enclose("{", Optional(ListOf(pair, 1, null)), "}");

    public static GrammarNode ArrayOf(GrammarNode item, int min, int? max) => max == 0
        ? Enclose("[", GrammarNode.Empty, "]")
        : Enclose("[", min == 0 ? Optional(ListOf(item, 1, max)) : ListOf(item, min, max), "]");

    /// <summary>Items with commas between them, at least one.</summary>
    public static GrammarNode ListOf(GrammarNode item, int min, int? max) =>
        Sequence(item, new RepeatNode(Sequence(Literal(","), Space, item), min - 1, max - 1));

    public static GrammarNode Enclose(string open, GrammarNode content, string close) =>
        Sequence(Literal(open), Space, content, Space, Literal(close));

    /// <summary>A character that a schema's <c>pattern</c> may contain, as a JSON string writes it.</summary>
    public static GrammarNode CharacterOf(IEnumerable<(int First, int Last)> ranges)
    {
        var wanted = ranges.ToList();
        var escaped = new List<GrammarNode>();
        foreach (var value in Enumerable.Range(0, 0x20).Append('"').Append('\\').Append(0x7F))
        {
            if (wanted.Any(range => range.First <= value && value <= range.Last))
            {
                escaped.Add(Literal(JsonSerializer.Serialize(((char)value).ToString(), Readable)[1..^1]));
            }
        }

        var plain = Except(Except(wanted).Concat([(0, 0x1F), ('"', '"'), ('\\', '\\'), (0x7F, 0x7F)])).ToList();
        if (plain.Count > 0)
        {
            escaped.Insert(0, Characters(plain));
        }

        return new ChoiceNode(escaped);
    }

    private static GrammarNode ValueWithin(int depth)
    {
        GrammarNode value = Choice(String, Number, Boolean, Null);
        var scalar = value;
        for (var level = 0; level < depth; level++)
        {
            value = Choice(scalar, ObjectOf(Pair(String, value)), ArrayOf(value, 0, null));
        }

        return value;
    }
}
