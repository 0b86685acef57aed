using AiInfra.LocalVllm.Engine;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>What sampling must remember of one sequence: its random numbers, its tokens for the penalties, its grammar.</summary>
internal sealed class SequenceSampling
{
    private readonly HashSet<int>? _promptTokens;
    private readonly Dictionary<int, int>? _counts;

    public SequenceSampling(EngineRequest request, long drawnSeed, GrammarState? grammar)
    {
        Parameters = request.Sampling;
        Grammar = grammar;
        var seed = Parameters.Seed ?? drawnSeed;
        Random = new Random(unchecked((int)(seed ^ (seed >> 32))));
        if (Parameters.RepetitionPenalty != 1)
        {
            _promptTokens = [.. request.Prompt];
        }

        if (_promptTokens is not null || Parameters.PresencePenalty != 0 || Parameters.FrequencyPenalty != 0)
        {
            _counts = [];
        }
    }

    public SamplingParameters Parameters { get; }

    public GrammarState? Grammar { get; }

    public Random Random { get; }

    /// <summary>Tokens generated so far.</summary>
    public int Generated { get; private set; }

    /// <summary>vLLM's three penalties: repetition over prompt and answer, presence and frequency over the answer.</summary>
    public void Penalize(Span<float> logits)
    {
        if (_counts is null)
        {
            return;
        }

        var repetition = (float)Parameters.RepetitionPenalty;
        foreach (var token in _promptTokens ?? [])
        {
            if (!_counts.ContainsKey(token))
            {
                logits[token] = Repeat(logits[token], repetition);
            }
        }

        foreach (var (token, count) in _counts)
        {
            logits[token] = Repeat(logits[token], repetition) - (float)Parameters.PresencePenalty - count * (float)Parameters.FrequencyPenalty;
        }
    }

    public void Add(int token)
    {
        Generated++;
        Grammar?.Advance(token);
        if (_counts is not null)
        {
            _counts[token] = _counts.GetValueOrDefault(token) + 1;
        }
    }

    private static float Repeat(float logit, float penalty) => logit > 0 ? logit / penalty : logit * penalty;
}
