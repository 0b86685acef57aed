using System.Text.Json.Serialization;

namespace AiInfra.Gateway.Augmentation;

/// <summary>What the memory service is told of a turn; its own contract says what the fields mean.</summary>
internal sealed record ChatTurnRequest(
    string Conversation, string? Turn, string? Text, IReadOnlyList<string> Earlier, bool Read, bool Write, int MaxTokens, double? MinRelevance);

internal sealed record Injection(string Turn, string Text, IReadOnlyList<string> MemoryIds);

internal sealed record ChatTurnResponse(IReadOnlyList<Injection> Injections, string? Stored);

internal sealed record AnswerRequest(string Text, string SessionId, string Speaker, string Type, string Source);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ChatTurnRequest))]
[JsonSerializable(typeof(ChatTurnResponse))]
[JsonSerializable(typeof(AnswerRequest))]
internal sealed partial class AugmentationJson : JsonSerializerContext;
