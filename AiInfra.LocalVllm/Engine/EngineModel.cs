namespace AiInfra.LocalVllm.Engine;

/// <summary>Who answers, and its limits.</summary>
/// <param name="OwnedBy">Shown as <c>owned_by</c> in <c>/v1/models</c>, where vLLM says <c>vllm</c>: it must tell a reader that this is not vLLM.</param>
/// <param name="Notice">One sentence for the log and <c>/v1/models</c> on what answers here and what to expect of it.</param>
/// <param name="MaxModelLength">Prompt and answer together, in tokens.</param>
/// <param name="BlockSize">Tokens per block of the prefix cache; 0 without one.</param>
/// <param name="BlockCount">Blocks in the cache, the reserved one included.</param>
internal sealed record EngineModel(string OwnedBy, string Notice, int MaxModelLength, int BlockSize, int BlockCount)
{
    /// <summary>Used where a request leaves sampling open; null keeps vLLM's own: temperature 1, the whole context.</summary>
    public GenerationDefaults? Defaults { get; init; }
}
