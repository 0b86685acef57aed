using System.Text.Json.Serialization;

namespace AiInfra.MemoryService.Mcp;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DeletedResponse))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(DateTimeOffset?))]
[JsonSerializable(typeof(double?))]
[JsonSerializable(typeof(bool?))]
internal sealed partial class McpJson : JsonSerializerContext;
