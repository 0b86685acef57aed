namespace AiInfra.AppHost.Topology;

/// <summary>Every image of another project that the platform runs, each pinned. An update is a change of this file and of nothing else.</summary>
/// <remarks>
/// A tag can be moved by its owner, a digest cannot. Digests are empty until somebody with access to the registries runs
/// <c>deploy/pin-images.sh</c>: none could be looked up where these pins were written.
/// </remarks>
internal static class Images
{
    /// <summary>Version of the images that this repository builds, where nobody names another.</summary>
    public const string OwnVersion = "1.0.0";

    /// <summary>The index is rebuilt where another version's folder is found: the version is part of the volume's name.</summary>
    public static readonly Image Chroma = new("docker.io/chromadb/chroma", "1.5.9");

    public static readonly Image Redis = new("docker.io/library/redis", "8.6");

    /// <summary>vLLM for CUDA, and its sister for machines without a GPU.</summary>
    public static readonly Image Vllm = new("docker.io/vllm/vllm-openai", "v0.32.0");

    public static readonly Image VllmCpu = new("docker.io/vllm/vllm-openai-cpu", "v0.32.0");

    public static readonly Image Prometheus = new("docker.io/prom/prometheus", "v3.5.0");

    public static readonly Image Alertmanager = new("docker.io/prom/alertmanager", "v0.28.1");

    public static readonly Image Grafana = new("docker.io/grafana/grafana", "12.0.2");

    public static readonly Image NodeExporter = new("docker.io/prom/node-exporter", "v1.9.1");

    /// <summary>The build with a shell, which reads the password from its file.</summary>
    public static readonly Image RedisExporter = new("docker.io/oliver006/redis_exporter", "v1.74.0-alpine");

    public static IReadOnlyList<Image> All { get; } =
        [Chroma, Redis, Vllm, VllmCpu, Prometheus, Alertmanager, Grafana, NodeExporter, RedisExporter];
}
