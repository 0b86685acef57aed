namespace AiInfra.AppHost.Planning;

/// <summary>What one service needs of its host.</summary>
internal sealed record ServiceNeed(string Service, double CpuCores, Bytes Memory, Bytes Disk, string Reason);

/// <summary>CPU, memory, disk and network of everything beside the GPUs.</summary>
internal sealed record HostResources(IReadOnlyList<ServiceNeed> Services, double ClientBytesPerSecond, double RankBytesPerSecond)
{
    // An SSE frame with one token, as vLLM writes it, and a token of JSON text.
    private const double FrameBytes = 250;
    private const double TokenTextBytes = 5;

    public static HostResources Of(PlanRequest request, Parallelism parallel, MemoryPlan memory, LoadPlan? load)
    {
        var replicas = load?.Replicas ?? 1;
        var rate = load?.RequestsPerSecond ?? 1;
        var (work, storage) = (request.Workload, request.Storage);
        var weights = Bytes.Of(memory.Stages.Sum(stage => (double)stage.Weights.Count) * parallel.Tensor);
        var vectors = Bytes.Of((double)storage.Vectors * storage.Dimension * 4);
        ServiceNeed[] services =
        [
            new(
                "vllm, each replica", 2 + parallel.Gpus,
                Bytes.FromGibibytes(8 + (2 * parallel.Gpus)) + (request.Serving.HostOffload * parallel.Gpus), weights * 1.1,
                "API server and engine core, a worker a GPU; the model's cache folder on disk"),
            new(
                "gateway, each of two", Math.Max(1, Math.Ceiling(rate / 500)), Bytes.FromGibibytes(0.5) + Bytes.Of(rate * 64e3),
                Bytes.FromGibibytes(1),
                "one core for 500 requests a second; 64 KB for each begun in a second"),
            new("memory", 2, Bytes.FromGibibytes(1) + (vectors * 0.5), RecordsOnDisk(storage),
                "records, history and search index in SQLite: 4 KB a memory and its vector twice"),
            new("chroma", 2, Bytes.FromGibibytes(0.5) + (vectors * 1.5), (vectors * 2) + Bytes.Of(storage.Vectors * 1200.0),
                "vectors and their graph in memory; vectors twice (index and log) and 1.2 KB of metadata on disk"),
            new(
                "redis", 1, Bytes.FromGibibytes(0.5), Bytes.FromGibibytes(2),
                "keys, budgets, policies; append-only file rewritten at twice its size"),
            new(
                "prometheus", 1, Bytes.FromGibibytes(0.5) + Bytes.Of(storage.Series * 8e3),
                Bytes.Of(storage.Series * (86400.0 / 15) * storage.MetricsDays * 1.7),
                "a sample every 15 s at 1.7 bytes; 8 KB of memory a series"),
            new("logs", 0, Bytes.Zero, Bytes.Of(rate * 86400 * 600 * storage.LogDays), "600 bytes a request at the peak's rate"),
        ];

        var answers = rate * work.AnswerTokens;
        var client = (rate * work.PromptTokens * TokenTextBytes) + (answers * FrameBytes);
        // Between stages hidden states cross once a token, between tensor ranks of one stage twice a layer.
        var tokens = (answers + (rate * work.PromptTokens * (1 - work.CachedShare))) / replicas;
        var hidden = (double)request.Model.HiddenSize * request.Model.ElementBytes;
        var sums = 4.0 * request.Model.Layers.Count * (parallel.Tensor - 1) / parallel.Tensor;
        var ranks = tokens * hidden * (parallel.Pipeline - 1 + sums);
        return new HostResources(services, client, ranks);
    }

    private static Bytes RecordsOnDisk(StorageNeeds storage) =>
        Bytes.Of(storage.Vectors * (4096.0 + (storage.Dimension * 8))) + Bytes.FromGibibytes(0.1);
}
