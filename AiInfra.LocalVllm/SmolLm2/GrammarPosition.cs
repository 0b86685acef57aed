namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>Where a text stands in a grammar: everything that may come next. Two texts with the same future share one position.</summary>
internal sealed class GrammarPosition(IReadOnlyList<GrammarFrame> frames, bool isComplete)
{
    private GrammarPosition?[]? _steps;

    /// <summary>Frames whose node is a <see cref="ByteSetNode"/>, one of which the next byte must match; empty where the text cannot go on.</summary>
    public IReadOnlyList<GrammarFrame> Frames => frames;

    /// <summary>The text may end here.</summary>
    public bool IsComplete => isComplete;

    /// <summary>No text can be completed from here.</summary>
    public bool IsDead => frames.Count == 0 && !isComplete;

    /// <summary>The least number of bytes that complete the text.</summary>
    public int MinBytes { get; } = isComplete ? 0 : frames.Count == 0 ? GrammarNode.Endless : frames.Min(frame => frame.MinBytes);

    /// <summary>Bit t of it: token t may come next; null until it was computed.</summary>
    public ulong[]? Allowed { get; set; }

    /// <summary>The largest <see cref="MinBytes"/> that one of the allowed tokens leads to.</summary>
    public int FarthestMinBytes { get; set; }

    public GrammarPosition? Step(byte value) => _steps?[value];

    public void Remember(byte value, GrammarPosition position) => (_steps ??= new GrammarPosition[256])[value] = position;
}
