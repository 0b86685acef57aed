namespace AiInfra.AppHost.Planning;

/// <summary>Everything a plan is made from.</summary>
internal sealed record PlanRequest(ModelShape Model, WeightPrecision Weights, GpuKind Gpu, ServingChoices Serving)
{
    /// <summary>What <c>vllm serve</c> is called with.</summary>
    public string ServedModel { get; init; } = Model.Name;

    public int GpusPerNode { get; init; } = 1;

    public int Nodes { get; init; } = 1;

    /// <summary>How one replica is split; null: the smallest split that starts.</summary>
    public Parallelism? Parallelism { get; init; }

    /// <summary>Take the release's own sequences and tokens of a step instead of the plan's advice.</summary>
    public bool KeepsReleaseDefaults { get; init; }

    public Workload Workload { get; init; } = new();

    public StorageNeeds Storage { get; init; } = new();

    public int Gpus => GpusPerNode * Nodes;
}
