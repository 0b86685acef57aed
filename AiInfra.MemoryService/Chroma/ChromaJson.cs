using System.Text.Json.Serialization;

namespace AiInfra.MemoryService.Chroma;

internal sealed record ChromaHnsw(string? Space = null, int? SyncThreshold = null);

internal sealed record ChromaConfiguration(ChromaHnsw? Hnsw = null);

internal sealed record ChromaCreateRequest(string Name, bool GetOrCreate, ChromaConfiguration Configuration);

internal sealed record ChromaCollection(string Id, string Name, ChromaConfiguration? ConfigurationJson = null, int? Dimension = null);

internal sealed record ChromaUpsertRequest(IReadOnlyList<string> Ids, IReadOnlyList<float[]> Embeddings);

internal sealed record ChromaIdsRequest(IReadOnlyList<string> Ids, IReadOnlyList<string>? Include = null);

internal sealed record ChromaQueryRequest(IReadOnlyList<float[]> QueryEmbeddings, int NResults, IReadOnlyList<string> Include);

internal sealed record ChromaQueryResponse(IReadOnlyList<IReadOnlyList<string>> Ids, IReadOnlyList<IReadOnlyList<float?>>? Distances);

internal sealed record ChromaGetResponse(IReadOnlyList<string> Ids, IReadOnlyList<float[]>? Embeddings);

internal sealed record ChromaError(string? Error, string? Message);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ChromaCreateRequest))]
[JsonSerializable(typeof(ChromaCollection))]
[JsonSerializable(typeof(ChromaUpsertRequest))]
[JsonSerializable(typeof(ChromaIdsRequest))]
[JsonSerializable(typeof(ChromaQueryRequest))]
[JsonSerializable(typeof(ChromaQueryResponse))]
[JsonSerializable(typeof(ChromaGetResponse))]
[JsonSerializable(typeof(ChromaError))]
[JsonSerializable(typeof(int))]
internal sealed partial class ChromaJson : JsonSerializerContext;
