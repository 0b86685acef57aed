using AiInfra.LocalVllm.Engine;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>One sequence's way through its grammar: what may come next, and the end of the text in time.</summary>
internal sealed class GrammarState(GrammarAutomaton automaton, TokenTrie trie, ITextTokenizer tokenizer)
{
    private GrammarPosition _position = automaton.Start;

    /// <summary>Forbids every token after which the text could not be completed, be it for the grammar or for want of tokens.</summary>
    /// <param name="logits">Of the whole vocabulary.</param>
    /// <param name="tokensLeft">Tokens that may still be generated, the end of turn included.</param>
    public void Mask(Span<float> logits, int tokensLeft)
    {
        // After this token the shortest completion must fit, at a byte a token in the worst case, and then the end of turn.
        var allowed = Allowed(Math.Max(tokensLeft - 2, 0));
        var isAnyAllowed = false;
        var endOfTurn = logits[tokenizer.EndOfTurn];
        for (var word = 0; word < allowed.Length; word++)
        {
            var bits = allowed[word];
            isAnyAllowed |= bits != 0;
            var tokens = logits.Slice(word * 64, Math.Min(64, logits.Length - (word * 64)));
            if (bits == 0)
            {
                tokens.Fill(float.NegativeInfinity);
                continue;
            }

            for (var bit = 0; bit < tokens.Length; bit++)
            {
                if ((bits >> bit & 1) == 0)
                {
                    tokens[bit] = float.NegativeInfinity;
                }
            }
        }

        if (_position.IsComplete)
        {
            // Also where a minimum of tokens forbids it, once nothing else can follow.
            logits[tokenizer.EndOfTurn] = isAnyAllowed ? endOfTurn : Math.Max(endOfTurn, 0);
        }
    }

    /// <summary>Takes note of the token that was chosen.</summary>
    public void Advance(int token)
    {
        foreach (var value in tokenizer.Bytes(token))
        {
            _position = automaton.Step(_position, value);
        }
    }

    private ulong[] Allowed(int maxMinBytes)
    {
        if (_position.Allowed is null)
        {
            _position.Allowed = trie.Allowed(automaton, _position, GrammarNode.Endless - 1, out var farthest);
            _position.FarthestMinBytes = farthest;
        }

        if (_position.FarthestMinBytes <= maxMinBytes)
        {
            return _position.Allowed;
        }

        // The end is near: only what still can be completed; where nothing can, the answer is cut anyway.
        var completable = trie.Allowed(automaton, _position, maxMinBytes, out _);
        return _position.IsComplete || completable.Any(bits => bits != 0) ? completable : _position.Allowed;
    }
}
