using AiInfra.LocalVllm.Engine;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>The vocabulary as a tree over bytes, written down in preorder, so that a grammar can reject many tokens by their common start.</summary>
internal sealed class TokenTrie
{
    private readonly byte[] _bytes;
    private readonly int[] _depths;
    private readonly int[] _tokens;
    private readonly int[] _ends;
    private readonly int _vocabularySize;
    private readonly GrammarPosition[] _path;

    public TokenTrie(ITextTokenizer tokenizer)
    {
        _vocabularySize = tokenizer.VocabularySize;
        var entries = Enumerable.Range(0, tokenizer.VocabularySize)
            .Select(token => (Token: token, Bytes: tokenizer.Bytes(token).ToArray()))
            .Where(entry => entry.Bytes.Length > 0)
            .ToArray();
        Array.Sort(entries, (first, second) => first.Bytes.AsSpan().SequenceCompareTo(second.Bytes));

        var (bytes, depths, tokens) = (new List<byte>(), new List<int>(), new List<int>());
        byte[] previous = [];
        foreach (var (token, value) in entries)
        {
            for (var depth = previous.AsSpan().CommonPrefixLength(value); depth < value.Length; depth++)
            {
                bytes.Add(value[depth]);
                depths.Add(depth);
                tokens.Add(-1);
            }

            tokens[^1] = token;
            previous = value;
        }

        (_bytes, _depths, _tokens) = ([.. bytes], [.. depths], [.. tokens]);
        _ends = Ends(_depths);
        _path = new GrammarPosition[_depths.Max() + 2];
    }

    /// <summary>Bits of the tokens that keep the text alive and can still be completed.</summary>
    /// <param name="automaton">The grammar.</param>
    /// <param name="position">Where the text stands.</param>
    /// <param name="maxMinBytes">How far the end may be after the token, in bytes.</param>
    /// <param name="farthest">How far it is at most.</param>
    public ulong[] Allowed(GrammarAutomaton automaton, GrammarPosition position, int maxMinBytes, out int farthest)
    {
        var allowed = new ulong[(_vocabularySize + 63) / 64];
        farthest = 0;
        _path[0] = position;
        for (var i = 0; i < _bytes.Length;)
        {
            var next = automaton.Step(_path[_depths[i]], _bytes[i]);
            if (next.IsDead)
            {
                i = _ends[i];
                continue;
            }

            _path[_depths[i] + 1] = next;
            if (_tokens[i] >= 0 && next.MinBytes <= maxMinBytes)
            {
                allowed[_tokens[i] >> 6] |= 1UL << (_tokens[i] & 63);
                farthest = Math.Max(farthest, next.MinBytes);
            }

            i++;
        }

        return allowed;
    }

    /// <summary>For each node the first one that does not lie below it.</summary>
    private static int[] Ends(int[] depths)
    {
        var ends = new int[depths.Length];
        var open = new Stack<int>();
        for (var i = 0; i <= depths.Length; i++)
        {
            while (open.TryPeek(out var node) && (i == depths.Length || depths[node] >= depths[i]))
            {
                ends[open.Pop()] = i;
            }

            open.Push(i);
        }

        return ends;
    }
}
