using System.Text.Encodings.Web;
using System.Text.Json;
using AiInfra.Gateway.Endpoints;
using AiInfra.Gateway.Forwarding;
using AiInfra.Gateway.Policies;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Augmentation;

/// <summary>
/// Memory on a chat call: relevant memories go to the head of the user's newest words, what was added to earlier turns is added again as
/// it was, and the user's words are stored. The caller's other bytes stay as they came.
/// </summary>
internal sealed class ChatMemory(MemoryTurns turns, PolicyStore policies, IOptions<AugmentationOptions> options)
{
    public const string IdsHeader = "x-aiinfra-memory-ids";

    private const int MaxEarlier = 1000;
    private const int MaxIdsTold = 64;

    /// <summary>The caller's wish, or its policy's; an error when the wish cannot be granted.</summary>
    public ApiError? FindMode(HttpContext context, PreparedRequest request, out MemoryMode mode)
    {
        mode = MemoryMode.None;
        var policy = policies.Current.PolicyOf(request.Caller)!;
        if (!context.Request.Headers.TryGetValue(MemoryModes.Header, out var wish))
        {
            mode = TakesMemory(request) && MemoryModes.TryParse(policy.Options.ChatMemory, out var usual) ? usual : MemoryMode.None;
            return null;
        }

        if (wish.Count != 1 || !MemoryModes.TryParse(wish[0], out mode))
        {
            return ApiError.InvalidRequest($"{MemoryModes.Header} must be read, write, readwrite or none.", code: "invalid_memory_mode");
        }

        if (mode != MemoryMode.None && !TakesMemory(request))
        {
            return ApiError.InvalidRequest($"{MemoryModes.Header} is for chats: this endpoint has none.", code: "invalid_memory_mode");
        }

        return Missing(mode, policy) is { } missing
            ? AccessErrors.Denied(new AccessDecision(false, $"Access:Policies:{policy.Name}:Memory", $"The policy does not grant memory '{missing}'."))
            : null;
    }

    /// <summary>The body with its memories, or null when it stays as it is. Tells in the response's headers what was done.</summary>
    public async ValueTask<ChatAugmentation> AugmentAsync(HttpContext context, PreparedRequest request, MemoryMode mode)
    {
        using var conversation = new ConversationReader();
        try
        {
            conversation.Read(request.Bytes.Span, request.Peek);
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair: the engine decides what that is; no memory bears on it.
            return ChatAugmentation.None;
        }

        if (conversation.Turns.Count == 0)
        {
            return ChatAugmentation.None;
        }

        var newest = conversation.Newest;
        var earlier = conversation.Turns.Where(turn => turn != newest).Select(turn => turn.Name).TakeLast(MaxEarlier).ToList();
        var session = $"chat-{conversation.Turns[0].Name}";
        var answer = await turns.TakeAsync(
            request.Caller,
            context.Response.Headers["x-request-id"].ToString(),
            new ChatTurnRequest(
                session, newest?.Name, newest?.Text, earlier, mode.HasFlag(MemoryMode.Read), mode.HasFlag(MemoryMode.Write),
                options.Value.MaxTokens, options.Value.MinRelevance),
            context.RequestAborted);
        Tell(context.Response.Headers, mode, newest, answer);
        return new ChatAugmentation(session, answer is { Injections.Count: > 0 } ? Insert(request.Bytes.Span, conversation.Turns, answer.Injections) : null);
    }

    private static bool TakesMemory(PreparedRequest request) =>
        request.Endpoint.Generates && (request.Peek.Messages.IsThere || request.Peek.Input.IsThere);

    private static string? Missing(MemoryMode mode, AccessPolicy policy) =>
        mode.HasFlag(MemoryMode.Read) && !policy.Options.Memory.Contains("read") ? "read"
        : mode.HasFlag(MemoryMode.Write) && !policy.Options.Memory.Contains("write") ? "write"
        : null;

    private static void Tell(IHeaderDictionary headers, MemoryMode mode, UserTurn? newest, ChatTurnResponse? answer)
    {
        if (answer is null)
        {
            headers[MemoryModes.Header] = "unavailable";
            return;
        }

        var told = new List<string>(2);
        if (mode.HasFlag(MemoryMode.Read))
        {
            told.Add(answer.Injections.Any(injection => injection.Turn == newest?.Name) ? "used"
                : answer.Injections.Count > 0 ? "replayed"
                : "nothing-relevant");
        }

        if (answer.Stored is not null)
        {
            told.Add("stored");
        }

        headers[MemoryModes.Header] = told.Count > 0 ? string.Join(", ", told) : "nothing-stored";
        var ids = answer.Injections.SelectMany(injection => injection.MemoryIds).Distinct(StringComparer.Ordinal).Take(MaxIdsTold).ToList();
        if (ids.Count > 0)
        {
            headers[IdsHeader] = string.Join(',', ids);
        }
    }

    private static byte[] Insert(ReadOnlySpan<byte> body, IReadOnlyList<UserTurn> conversation, IReadOnlyList<Injection> injections)
    {
        var texts = injections.ToDictionary(injection => injection.Turn, injection => injection.Text, StringComparer.Ordinal);
        var written = new MemoryStream(body.Length + 4096);
        var at = 0;
        foreach (var turn in conversation)
        {
            if (texts.TryGetValue(turn.Name, out var text))
            {
                written.Write(body[at..turn.InsertAt]);
                written.Write(JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
                at = turn.InsertAt;
            }
        }

        written.Write(body[at..]);
        return written.ToArray();
    }
}

/// <summary>What became of a chat's body.</summary>
/// <param name="Session">Names the conversation; null where there is none.</param>
/// <param name="Body">The body with its memories; null when it stays as it is.</param>
internal sealed record ChatAugmentation(string? Session, byte[]? Body)
{
    public static readonly ChatAugmentation None = new(null, null);
}
