namespace AiInfra.AppHost.Topology;

/// <summary>A container that serves a model: one replica in Compose, one pool in Kubernetes.</summary>
/// <param name="Name">Name of its resource.</param>
/// <param name="Pool">Name of its pool.</param>
/// <param name="Replicas">Instances behind the name.</param>
/// <param name="Gpus">GPUs of one instance, 0 for none.</param>
/// <param name="GpuKind">Kind of GPU, or empty.</param>
internal sealed record ModelServer(string Name, string Pool, int Replicas, int Gpus, string GpuKind);
