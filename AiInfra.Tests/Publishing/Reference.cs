using AiInfra.AppHost.Topology;

namespace AiInfra.Tests.Publishing;

/// <summary>The platform of <c>deploy/reference.env</c>: two servers with a GPU each.</summary>
internal static class Reference
{
    private const string Gpu = "NVIDIA-H100-80GB-HBM3";

    /// <summary>As Compose has it: every server by its own name.</summary>
    public static Architecture Compose { get; } = new([new("vllm0", "vllm", 1, 1, Gpu), new("vllm1", "vllm", 1, 1, Gpu)], isOneHost: true);

    /// <summary>As Kubernetes has it: one name for all servers of a pool.</summary>
    public static Architecture Kubernetes { get; } = new([new("vllm", "vllm", 2, 1, Gpu)]);
}
