namespace AiInfra.AppHost.Publishing;

/// <summary>Every image of another project that the platform runs, each pinned to a version. An update is a change of this file.</summary>
internal static class Images
{
    /// <summary>Chroma: the memory service's index is rebuilt where another version's folder is found.</summary>
    public const string ChromaTag = "1.5.9";

    public const string RedisTag = "8.6";

    /// <summary>vLLM for CUDA, and its sister for machines without a GPU.</summary>
    public const string Vllm = "vllm/vllm-openai";

    public const string VllmCpu = "vllm/vllm-openai-cpu";

    public const string VllmTag = "v0.32.0";
}
