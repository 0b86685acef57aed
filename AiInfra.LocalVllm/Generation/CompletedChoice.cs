using System.Text;
using AiInfra.LocalVllm.Engine;

namespace AiInfra.LocalVllm.Generation;

/// <summary>A choice put together from its deltas.</summary>
internal sealed class CompletedChoice(Prompt prompt)
{
    private readonly StringBuilder _text = new();
    private readonly List<int> _tokens = [];
    private List<TokenLogprobs>? _logprobs;

    public Prompt Prompt => prompt;

    public string Text => _text.ToString();

    public IReadOnlyList<int> Tokens => _tokens;

    public IReadOnlyList<TokenLogprobs>? Logprobs => _logprobs;

    public FinishReason Finish { get; private set; } = FinishReason.Error;

    public StopCause? StopReason { get; private set; }

    public PrefillReport? Prefill { get; private set; }

    public void Add(ChoiceDelta delta)
    {
        _text.Append(delta.Text);
        _tokens.AddRange(delta.Tokens);
        if (delta.Logprobs is { } logprobs)
        {
            (_logprobs ??= []).AddRange(logprobs);
        }

        Finish = delta.Finish ?? Finish;
        StopReason = delta.StopReason ?? StopReason;
        Prefill = delta.Prefill ?? Prefill;
    }
}
