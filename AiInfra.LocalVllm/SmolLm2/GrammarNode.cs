namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>A piece of a grammar over bytes. Nodes are shared and compared by reference.</summary>
internal abstract class GrammarNode
{
    /// <summary>Stands for "no text matches", and for lengths that nobody will generate.</summary>
    public const int Endless = 1 << 24;

    public static GrammarNode Empty { get; } = new SequenceNode([]);

    /// <summary>The length of the shortest text that matches.</summary>
    public abstract int MinBytes { get; }

    /// <summary>Contains a <see cref="RuleNode"/>, whose length is known only once all rules are.</summary>
    public abstract bool HasRules { get; }

    public static int Add(int first, int second) => Math.Min(first + second, Endless);

    public static int Multiply(int count, int each) => (int)Math.Min((long)count * each, Endless);
}

/// <summary>One byte of a set: bit n of <paramref name="low"/> is byte n, bit n of <paramref name="high"/> byte 128 + n.</summary>
internal sealed class ByteSetNode(UInt128 low, UInt128 high) : GrammarNode
{
    public override int MinBytes => 1;

    public override bool HasRules => false;

    public static ByteSetNode Range(int first, int last)
    {
        UInt128 low = 0, high = 0;
        for (var value = first; value <= last; value++)
        {
            low |= value < 128 ? UInt128.One << value : 0;
            high |= value < 128 ? 0 : UInt128.One << (value - 128);
        }

        return new ByteSetNode(low, high);
    }

    public bool Contains(byte value) => ((value < 128 ? low >> value : high >> (value - 128)) & 1) != 0;
}

/// <summary>All items, one after another.</summary>
internal sealed class SequenceNode : GrammarNode
{
    private readonly int _minBytes;

    public SequenceNode(IReadOnlyList<GrammarNode> items)
    {
        Items = items;
        HasRules = items.Any(item => item.HasRules);
        _minBytes = HasRules ? 0 : MinBytesFrom(0);
    }

    public IReadOnlyList<GrammarNode> Items { get; }

    public override bool HasRules { get; }

    public override int MinBytes => HasRules ? MinBytesFrom(0) : _minBytes;

    public int MinBytesFrom(int index)
    {
        var sum = 0;
        for (; index < Items.Count; index++)
        {
            sum = Add(sum, Items[index].MinBytes);
        }

        return sum;
    }
}

/// <summary>Any one of the options.</summary>
internal sealed class ChoiceNode : GrammarNode
{
    private readonly int _minBytes;

    public ChoiceNode(IReadOnlyList<GrammarNode> options)
    {
        Options = options;
        HasRules = options.Any(option => option.HasRules);
        _minBytes = HasRules ? 0 : Shortest();
    }

    public IReadOnlyList<GrammarNode> Options { get; }

    public override bool HasRules { get; }

    public override int MinBytes => HasRules ? Shortest() : _minBytes;

    private int Shortest() => Options.Count == 0 ? Endless : Options.Min(option => option.MinBytes);
}

/// <summary>An item <paramref name="min"/> to <paramref name="max"/> times; null is no limit.</summary>
internal sealed class RepeatNode(GrammarNode item, int min, int? max) : GrammarNode
{
    public GrammarNode Item => item;

    public int Min => min;

    public int? Max => max;

    public override bool HasRules => item.HasRules;

    public override int MinBytes => MinBytesAfter(0);

    public int MinBytesAfter(int count) => count >= min ? 0 : Multiply(min - count, item.MinBytes);
}

/// <summary>A named piece that may contain itself: its body is set once the pieces inside are known.</summary>
internal sealed class RuleNode : GrammarNode
{
    private int _minBytes = Endless;

    public GrammarNode Body { get; set; } = Empty;

    public override bool HasRules => true;

    public override int MinBytes => _minBytes;

    /// <summary>Computes the shortest lengths of rules that refer to each other, by going down from "endless" until nothing changes.</summary>
    public static void Settle(IReadOnlyCollection<RuleNode> rules)
    {
        for (var changed = true; changed;)
        {
            changed = false;
            foreach (var rule in rules)
            {
                var length = rule.Body.MinBytes;
                changed |= length < rule._minBytes;
                rule._minBytes = Math.Min(rule._minBytes, length);
            }
        }
    }
}
