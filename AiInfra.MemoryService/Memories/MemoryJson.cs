using System.Text.Json.Serialization;

namespace AiInfra.MemoryService.Memories;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(CreateMemoryRequest))]
[JsonSerializable(typeof(CreateMemoriesRequest))]
[JsonSerializable(typeof(UpdateMemoryRequest))]
[JsonSerializable(typeof(MemoryResponse))]
[JsonSerializable(typeof(MemoriesResponse))]
[JsonSerializable(typeof(MemoryPageResponse))]
[JsonSerializable(typeof(MemoryHistoryResponse))]
[JsonSerializable(typeof(MemoryAttributes))]
internal sealed partial class MemoryJson : JsonSerializerContext;
