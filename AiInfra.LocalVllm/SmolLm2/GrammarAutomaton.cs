namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>
/// Follows texts through a grammar byte by byte. Positions are computed when a text first reaches them and kept, so the common ones (inside
/// a string, say) cost one look-up.
/// </summary>
/// <remarks>Not safe for concurrent use: the engine's thread runs it.</remarks>
internal sealed class GrammarAutomaton
{
    /// <summary>Positions kept at once; beyond that the memory starts anew. Each takes up to 8 KiB.</summary>
    private const int MaxPositions = 1024;

    /// <summary>Ways to read one text at once. A schema has a handful; patterns such as <c>(a*)*(a*)*</c> can have many.</summary>
    private const int MaxAmbiguity = 512;

    private static readonly GrammarPosition Dead = new([], isComplete: false);

    private readonly Dictionary<(GrammarNode Node, int Index, GrammarFrame? Next), GrammarFrame> _frames = [];
    private readonly Dictionary<string, GrammarPosition> _positions = [];
    private int _nextFrame;

    public GrammarAutomaton(GrammarNode root)
    {
        Start = Close(seed => Expand(seed, Frame(root, 0, null)));
    }

    public GrammarPosition Start { get; }

    /// <summary>The position after one more byte; dead where the grammar forbids it.</summary>
    /// <exception cref="GrammarException">The grammar is too ambiguous to follow.</exception>
    public GrammarPosition Step(GrammarPosition position, byte value)
    {
        if (position.Step(value) is { } known)
        {
            return known;
        }

        var next = Close(seed =>
        {
            foreach (var frame in position.Frames)
            {
                if (((ByteSetNode)frame.Node).Contains(value))
                {
                    Expand(seed, frame.Next);
                }
            }
        });
        position.Remember(value, next);
        return next;
    }

    private GrammarPosition Close(Action<Closure> expand)
    {
        if (_positions.Count >= MaxPositions)
        {
            _positions.Clear();
            _frames.Clear();
        }

        var closure = new Closure();
        expand(closure);
        if (closure.Terminals.Count == 0 && !closure.IsComplete)
        {
            return Dead;
        }

        var frames = closure.Terminals.Values.ToArray();
        var key = string.Join(',', closure.Terminals.Keys) + (closure.IsComplete ? "." : "");
        if (!_positions.TryGetValue(key, out var position))
        {
            position = new GrammarPosition(frames, closure.IsComplete);
            _positions.Add(key, position);
        }

        return position;
    }

    /// <summary>Goes down to the bytes that may come next.</summary>
    private void Expand(Closure closure, GrammarFrame? frame)
    {
        if (frame is null)
        {
            closure.IsComplete = true;
            return;
        }

        if (!closure.Seen.Add(frame))
        {
            return;
        }

        if (closure.Seen.Count > MaxAmbiguity)
        {
            throw new GrammarException("The grammar is too ambiguous.");
        }

        switch (frame.Node)
        {
            case ByteSetNode:
                closure.Terminals[frame.Id] = frame;
                break;
            case SequenceNode sequence when frame.Index == sequence.Items.Count:
                Expand(closure, frame.Next);
                break;
            case SequenceNode sequence:
                var rest = frame.Index + 1 < sequence.Items.Count ? Frame(sequence, frame.Index + 1, frame.Next) : frame.Next;
                Expand(closure, Frame(sequence.Items[frame.Index], 0, rest));
                break;
            case ChoiceNode choice:
                foreach (var option in choice.Options)
                {
                    Expand(closure, Frame(option, 0, frame.Next));
                }

                break;
            case RuleNode rule:
                Expand(closure, Frame(rule.Body, 0, frame.Next));
                break;
            case RepeatNode repeat:
                if (frame.Index >= repeat.Min)
                {
                    Expand(closure, frame.Next);
                }

                if (repeat.Max is null || frame.Index < repeat.Max)
                {
                    // Without an upper limit only the rounds up to the lower one count: what follows is the same for all later ones.
                    var round = repeat.Max is null ? Math.Min(frame.Index + 1, repeat.Min) : frame.Index + 1;
                    Expand(closure, Frame(repeat.Item, 0, Frame(repeat, round, frame.Next)));
                }

                break;
        }
    }

    private GrammarFrame Frame(GrammarNode node, int index, GrammarFrame? next)
    {
        if (!_frames.TryGetValue((node, index, next), out var frame))
        {
            frame = new GrammarFrame(_nextFrame++, node, index, next);
            _frames.Add((node, index, next), frame);
        }

        return frame;
    }

    private sealed class Closure
    {
        public SortedDictionary<int, GrammarFrame> Terminals { get; } = [];

        public HashSet<GrammarFrame> Seen { get; } = [];

        public bool IsComplete { get; set; }
    }
}
