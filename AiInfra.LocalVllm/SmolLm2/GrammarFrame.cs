namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>What a text still has to match: the rest of a node, then everything in <paramref name="next"/>.</summary>
/// <param name="id">Its number in the automaton that keeps one frame for each combination.</param>
/// <param name="node">The node that is being matched.</param>
/// <param name="index">How much of it is done: items of a sequence, rounds of a repetition.</param>
/// <param name="next">What comes after it; null at the end of the text.</param>
internal sealed class GrammarFrame(int id, GrammarNode node, int index, GrammarFrame? next)
{
    public int Id => id;

    public GrammarNode Node => node;

    public int Index => index;

    public GrammarFrame? Next => next;

    /// <summary>The shortest text that completes it, in bytes.</summary>
    public int MinBytes { get; } = GrammarNode.Add(
        node switch
        {
            SequenceNode sequence => sequence.MinBytesFrom(index),
            RepeatNode repeat => repeat.MinBytesAfter(index),
            _ => node.MinBytes,
        },
        next?.MinBytes ?? 0);
}
