namespace AiInfra.AppHost.Planning;

/// <summary>Refuses what vLLM would refuse before it looks at memory, each with the nearest input that works.</summary>
internal static class PlanChecks
{
    public static void Check(PlanRequest request)
    {
        var (model, serving) = (request.Model, request.Serving);
        Positive(request.GpusPerNode, "GPUs per node");
        Positive(request.Nodes, "nodes");
        Positive(request.Workload.PromptTokens, "prompt tokens");
        Positive(request.Workload.AnswerTokens, "answer tokens");
        CheckLoad(request.Workload, request.Storage);
        if (request.Gpu.UsableMemory <= Bytes.Zero)
        {
            throw new PlanInputException("The GPU has no memory.", "Give --gpu-memory like 80GB or 79.2GiB.");
        }

        if (serving.Utilization is <= 0 or > 1)
        {
            throw new PlanInputException(
                $"A GPU memory utilization of {serving.Utilization} is no share of the memory.",
                "Give a number above 0 and up to 1, like 0.9.");
        }

        if (serving.ContextTokens is { } context && (context < 1 || context > model.ContextTokens))
        {
            throw new PlanInputException(
                $"A context of {context:N0} tokens is outside what {model.Name} was made for.", $"Give 1 to {model.ContextTokens:N0}.");
        }

        if (serving.BatchedTokens is < 1 || serving.Sequences is < 1 || serving.BlockTokens is < 1 || serving.DraftTokens < 0 || serving.DraftLayers is < 0)
        {
            throw new PlanInputException(
                "Batched tokens, sequences, block size and draft tokens must be positive.", "Leave them out: vLLM's own defaults are used.");
        }

        var tokens = request.Workload.PromptTokens + request.Workload.AnswerTokens;
        if (tokens > (serving.ContextTokens ?? model.ContextTokens))
        {
            throw new PlanInputException(
                $"Prompts and answers of {tokens:N0} tokens together exceed the context of {serving.ContextTokens ?? model.ContextTokens:N0}.",
                $"Raise --context to {Math.Min(tokens, model.ContextTokens):N0} or shorten them.");
        }

        if (request.Parallelism is { } parallel)
        {
            CheckSplit(request, parallel);
        }
    }

    public static bool CanSplit(ModelShape model, int tensor) => model.Layers
        .Select(layer => layer.Attention).OfType<AttentionShape>()
        .All(attention => attention.QueryHeads % tensor == 0
            && (attention.Kind is AttentionKind.Latent or AttentionKind.Compressed || attention.KeyValueHeads % tensor == 0
                || tensor % attention.KeyValueHeads == 0));

    private static void CheckSplit(PlanRequest request, Parallelism parallel)
    {
        if (parallel.Tensor < 1 || parallel.Pipeline < 1 || parallel.Data < 1 || parallel.DecodeContext < 1 || parallel.PrefillContext < 1)
        {
            throw new PlanInputException("Parallel sizes must be positive.", "Leave them out: the smallest split that starts is used.");
        }

        if (parallel.Gpus > request.Gpus)
        {
            throw new PlanInputException(
                $"{parallel} needs {parallel.Gpus} GPUs; there are {request.Gpus}.",
                $"Give --gpus-per-node and --nodes whose product is at least {parallel.Gpus}.");
        }

        if (!CanSplit(request.Model, parallel.Tensor))
        {
            var nearest = Enumerable.Range(1, 64).Where(tensor => CanSplit(request.Model, tensor))
                .MinBy(tensor => Math.Abs(tensor - parallel.Tensor));
            throw new PlanInputException(
                $"The heads of {request.Model.Name} do not divide among {parallel.Tensor} tensor-parallel ranks.",
                $"Nearest: --tp {nearest}.");
        }

        if (parallel.Pipeline > request.Model.Layers.Count)
        {
            throw new PlanInputException(
                $"{request.Model.Layers.Count} layers cannot fill {parallel.Pipeline} pipeline stages.",
                $"Give --pp up to {request.Model.Layers.Count}.");
        }

        if (parallel.Tensor % parallel.DecodeContext != 0)
        {
            throw new PlanInputException(
                $"Decode context parallelism of {parallel.DecodeContext} does not divide {parallel.Tensor} ranks.",
                "Give a --dcp that divides --tp.");
        }

        if (parallel.ContextRanks > 1 && (request.Model.IsHybrid || request.Model.Layers.Any(layer => layer.Attention is { WindowTokens: > 0 })))
        {
            throw new PlanInputException(
                "Context parallelism needs a model whose layers all keep the whole length.", "Leave --dcp and --pcp at 1.");
        }

        var replicated = request.Model.UsesLatentAttention ? parallel.Tensor
            : parallel.Tensor / request.Model.Layers.Select(layer => layer.Attention).OfType<AttentionShape>()
                .Max(attention => attention.KeyValueHeads);
        if (parallel.DecodeContext > Math.Max(1, replicated))
        {
            throw new PlanInputException(
                $"Decode context parallelism of {parallel.DecodeContext} exceeds the {Math.Max(1, replicated)} copies of each key-value head.",
                $"Give --dcp {Math.Max(1, replicated)}.");
        }
    }

    private static void CheckLoad(Workload work, StorageNeeds storage)
    {
        Positive(work.Users ?? 1, "users");
        Positive(work.Concurrency ?? 1, "requests in flight");
        if (work.CachedShare > 1)
        {
            throw new PlanInputException($"A cached share of {work.CachedShare} is more than the whole prompt.", "Give --cached-share 0 to 1.");
        }

        if (work.RequestsPerUserHour <= 0 || work.PeakFactor <= 0 || work.FirstTokenSeconds <= 0 || work.TokenLimitSeconds <= 0)
        {
            throw new PlanInputException("Habits and service levels must be above 0.", "Leave them out: --help says their defaults.");
        }

        if (storage.Vectors < 0 || storage.Dimension < 1 || storage.Series < 0 || storage.MetricsDays < 0 || storage.LogDays < 0)
        {
            throw new PlanInputException("Memories, dimension, series and days cannot be negative.", "Leave them out: --help says their defaults.");
        }
    }

    private static void Positive(int value, string what)
    {
        if (value < 1)
        {
            throw new PlanInputException($"{value} is no number of {what}.", "Give 1 or more.");
        }
    }
}
