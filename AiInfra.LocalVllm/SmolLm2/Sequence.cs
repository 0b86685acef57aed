using System.Threading.Channels;
using AiInfra.LocalVllm.Engine;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>One request on its way: its tokens, how many of them are computed, and the channel to the caller.</summary>
/// <remarks>All but <see cref="Cancel"/> and <see cref="Outputs"/> belongs to the engine's thread.</remarks>
internal sealed class Sequence(EngineRequest request, SequenceSampling sampling, long queuedAt)
{
    // As long as the answer at most: the writer never waits for a slow reader.
    private readonly Channel<EngineOutput> _outputs =
        Channel.CreateUnbounded<EngineOutput>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    private volatile bool _isCancelled;

    public EngineRequest Request => request;

    public SequenceSampling Sampling => sampling;

    public ChannelReader<EngineOutput> Outputs => _outputs.Reader;

    public bool IsCancelled => _isCancelled;

    public long QueuedAt => queuedAt;

    /// <summary>When its first token was computed; null while it waits. Kept when it is sent back to the queue.</summary>
    public long? ScheduledAt { get; set; }

    /// <summary>Prompt and answer so far.</summary>
    public List<int> Tokens { get; } = [.. request.Prompt];

    /// <summary>Tokens whose keys and values lie in its slot.</summary>
    public int Computed { get; set; }

    /// <summary>Prompt tokens that the prefix cache gave; null until it was asked.</summary>
    public int? Cached { get; set; }

    /// <summary>Blocks of it that the prefix cache has, and the last of them.</summary>
    public (int Count, PrefixBlock? Last) Stored { get; set; }

    /// <summary>Prompt tokens that it newly left in the prefix cache.</summary>
    public int CreatedCacheTokens { get; set; }

    /// <summary>Times it was sent back to the queue.</summary>
    public int Preemptions { get; set; }

    public List<TokenLogprobs?>? PromptLogprobs { get; set; }

    public bool IsFirst { get; set; } = true;

    /// <summary>Frees it at the next step. Safe from any thread.</summary>
    public void Cancel() => _isCancelled = true;

    public void Write(EngineOutput output) => _outputs.Writer.TryWrite(output with { Preemptions = Preemptions });

    /// <summary>No more outputs; <paramref name="error"/> reaches the caller.</summary>
    public void Complete(Exception? error) => _outputs.Writer.TryComplete(error);
}
