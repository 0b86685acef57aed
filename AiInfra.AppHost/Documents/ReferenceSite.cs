using AiInfra.AppHost.Planning;
using AiInfra.AppHost.Topology;

namespace AiInfra.AppHost.Documents;

/// <summary>A site that the documents plan for: what the planner is asked, or null where no GPU serves a model.</summary>
/// <param name="Id">Name of its block in the document.</param>
/// <param name="Title">For people.</param>
/// <param name="Plan">The arguments of <c>plan</c>.</param>
internal sealed record ReferenceSite(string Id, string Title, string[]? Plan)
{
    public static IReadOnlyList<ReferenceSite> All { get; } =
    [
        new("laptop", "A laptop: the local model, no GPU", null),
        new("two-nodes", "Two nodes with one unified-memory GPU of 97 GB each: a mixture of experts of the 100-billion class in 4 bits at 128k context",
        [
            // The memory is this site's own; bandwidth and operations are those of its kind.
            "--model", "gpt-oss-120b", "--gpu", "GB10", "--gpu-memory", "97GB", "--nodes", "2", "--gpus-per-node", "1", "--context", "131072",
            "--users", "60", "--token", "0.1",
        ]),
        new("eight-h100", "A cluster of eight H100: a mixture of experts of 235 billion parameters in 8 bits",
        [
            "--model", "qwen3-235b-a22b", "--weights", "fp8", "--gpu", "H100", "--gpus-per-node", "8", "--context", "32768", "--users", "1000",
        ]),
    ];

    /// <exception cref="PlanInputException">The site's arguments are wrong.</exception>
    public Plan? Make() => Plan is null ? null : Planner.Make(PlanRequestReader.Read(new PlanOptions(Plan)));

    /// <summary>The services of the site with the limits that published targets set.</summary>
    public Architecture Describe(Plan? plan) => new(plan is null
        ? []
        : [new ModelServer("vllm", "vllm", plan.Load?.Replicas is { } wanted ? Math.Min(wanted, plan.ReplicasAvailable) : plan.ReplicasAvailable, plan.Parallel.Gpus, plan.Request.Gpu.Name)]);
}
