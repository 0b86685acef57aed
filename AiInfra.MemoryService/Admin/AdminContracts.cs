using System.Text.Json.Serialization;
using AiInfra.MemoryService.Backup;

namespace AiInfra.MemoryService.Admin;

/// <summary>How far Chroma is with a tenant's records.</summary>
/// <param name="State"><c>well</c>; <c>catching-up</c>: it gets what waits; <c>away</c>: it does not answer; <c>off</c>: none is configured.</param>
/// <param name="Memories">Vectors that it will hold.</param>
/// <param name="Pending">Changes that it has not been told yet.</param>
/// <param name="Problem">A sentence for the operator; empty when there is none.</param>
internal sealed record IndexProgress(string State, long Memories, long Pending, string Problem);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(IndexProgress))]
[JsonSerializable(typeof(BackupResponse))]
internal sealed partial class AdminJson : JsonSerializerContext;
