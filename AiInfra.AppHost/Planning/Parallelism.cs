namespace AiInfra.AppHost.Planning;

/// <summary>How a model is split over GPUs. Data-parallel copies are replicas with one address; their experts may be shared.</summary>
internal sealed record Parallelism(int Tensor, int Pipeline, int Data)
{
    public static readonly Parallelism One = new(1, 1, 1);

    /// <summary>Ranks that share one request's cache by position (decode context parallel); it divides the tensor-parallel size.</summary>
    public int DecodeContext { get; init; } = 1;

    /// <summary>Ranks that share one request's prompt by position (prefill context parallel); they add GPUs.</summary>
    public int PrefillContext { get; init; } = 1;

    public bool SharesExperts { get; init; }

    public int Gpus => Tensor * Pipeline * Data * PrefillContext;

    /// <summary>Ranks over which the positions of one request are spread.</summary>
    public int ContextRanks => DecodeContext * PrefillContext;

    /// <summary>Layers of each pipeline stage, as vLLM deals them: what does not divide goes to the stages before the last.</summary>
    public IReadOnlyList<(int First, int Count)> Stages(int layers)
    {
        var counts = Enumerable.Repeat(layers / Pipeline, Pipeline).ToArray();
        for (var extra = 0; extra < layers % Pipeline; extra++)
        {
            counts[^(Math.Min(extra + 2, Pipeline))]++;
        }

        var first = 0;
        return [.. counts.Select(count =>
        {
            var stage = (first, count);
            first += count;
            return stage;
        })];
    }

    public override string ToString() => $"TP {Tensor}, PP {Pipeline}, DP {Data}"
        + (DecodeContext > 1 ? $", DCP {DecodeContext}" : "") + (PrefillContext > 1 ? $", PCP {PrefillContext}" : "") + (SharesExperts ? ", EP" : "");
}
