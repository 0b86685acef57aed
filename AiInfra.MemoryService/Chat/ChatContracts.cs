using System.Text.Json.Serialization;

namespace AiInfra.MemoryService.Chat;

/// <summary>One turn of a chat, as the gateway sees it.</summary>
/// <param name="Conversation">Names the conversation: what was said in it is not brought back into it. 1 to 128 characters.</param>
/// <param name="Turn">Names the user's newest turn by everything up to it; null when there is no new one.</param>
/// <param name="Text">The user's words of that turn.</param>
/// <param name="Earlier">The names of the turns before it, at most 1,000: what was added to them comes back unchanged.</param>
/// <param name="Read">Bring memories.</param>
/// <param name="Write">Store the user's words.</param>
/// <param name="MaxTokens">Word pieces of the memories at most, 16 to 32,000; 512 unless said.</param>
/// <param name="MinRelevance">Memories below it are left out, 0 to 1; the service's own threshold unless said.</param>
internal sealed record ChatTurnRequest(
    string? Conversation,
    string? Turn = null,
    string? Text = null,
    IReadOnlyList<string>? Earlier = null,
    bool Read = true,
    bool Write = false,
    int? MaxTokens = null,
    double? MinRelevance = null);

/// <summary>What belongs at the head of a turn's words.</summary>
/// <param name="Turn">The turn's name.</param>
/// <param name="Text">To be put there as it is.</param>
/// <param name="MemoryIds">The memories that it tells.</param>
internal sealed record InjectionResponse(string Turn, string Text, IReadOnlyList<string> MemoryIds);

/// <param name="Injections">For each turn that has any. Nothing for a turn: nothing is to be added to it.</param>
/// <param name="Stored">The id of the user's words as a memory; null when they were not stored.</param>
internal sealed record ChatTurnResponse(IReadOnlyList<InjectionResponse> Injections, string? Stored);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ChatTurnRequest))]
[JsonSerializable(typeof(ChatTurnResponse))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class ChatJson : JsonSerializerContext;
