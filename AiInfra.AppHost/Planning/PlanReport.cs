using System.Text.Json.Serialization;

namespace AiInfra.AppHost.Planning;

/// <summary>A plan as JSON: every number's name says its unit.</summary>
internal sealed record PlanReport(
    string Verdict, string Model, double ParametersBillions, double ActiveParametersBillions, string Weights, string Gpu, int Gpus, string VllmVersion,
    SplitReport Split, int ContextTokens, IReadOnlyList<MemoryReport> Memory, CacheReport Cache, SpeedReport? Speed, LoadReport? Load,
    IReadOnlyList<HostReport> Hosts, NetworkReport Network, IReadOnlyList<string> VllmArguments, IReadOnlyList<string> Alternatives,
    IReadOnlyList<string> Assumptions);

internal sealed record SplitReport(
    int TensorParallel, int PipelineParallel, int DataParallel, int DecodeContextParallel, int PrefillContextParallel, bool ExpertParallel,
    int GpusPerReplica, int ReplicasAvailable);

internal sealed record MemoryReport(
    int Stage, long RequestedBytes, long WeightsBytes, long ActivationBytes, long OutsideTorchBytes, long CudaGraphBytes,
    bool CudaGraphsAreInsideBudget, long PoolBytes, long NeededBytes);

internal sealed record CacheReport(
    string Type, double BytesPerTokenPerGpu, int AttentionBlockTokens, long LayerPageBytes, long StateBytes, IReadOnlyList<long> BlockBytes,
    long Blocks, long BlocksPerRequest, long CacheTokens, long PrintedTokens,
    double MaxConcurrencyAtFullContext, int LongestRequestTokens, IReadOnlyList<GroupReport> Groups);

internal sealed record GroupReport(string Kind, int Layers, int BlockTokens, long PageBytes, int WindowTokens);

internal sealed record SpeedReport(
    double DecodeTokensPerSecondAlone, double DecodeTokensPerSecondPerRequestAtLoad, double OutputTokensPerSecondPerReplicaAtLoad,
    double PrefillTokensPerSecond,
    double BandwidthEfficiency, double ComputeEfficiency);

internal sealed record LoadReport(
    double RequestsPerSecond, double RequestsInFlight, int SequencesPerReplica, string LimitedBy, int? Replicas, double FirstTokenSeconds,
    double TokenSeconds, string? Problem);

internal sealed record HostReport(string Service, double CpuCores, long MemoryBytes, long DiskBytes, string Reason);

internal sealed record NetworkReport(double ClientBytesPerSecond, double BetweenRanksBytesPerSecondPerReplica);

[JsonSourceGenerationOptions(
    WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PlanReport))]
internal sealed partial class PlanReportJson : JsonSerializerContext;
