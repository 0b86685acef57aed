using AiInfra.Gateway.Endpoints;
using AiInfra.Gateway.Forwarding;

namespace AiInfra.Gateway.Augmentation;

/// <summary>Stands between the checks of a request and its answer: what asks for memory gets it, everything else passes untouched.</summary>
internal sealed class MemoryOnChat(ChatMemory memory, MemoryTurns turns)
{
    /// <param name="context">The caller's request.</param>
    /// <param name="request">The same, read and checked.</param>
    /// <param name="media">To check the longer body as the first was.</param>
    /// <param name="answer">Has a request answered.</param>
    public ValueTask<ApiError?> AnswerAsync(HttpContext context, PreparedRequest request, MediaHosts media, Func<PreparedRequest, ValueTask<ApiError?>> answer)
    {
        if (memory.FindMode(context, request, out var mode) is { } refused)
        {
            return new(refused);
        }

        return mode == MemoryMode.None ? answer(request) : AugmentAsync(context, request, media, mode, answer);
    }

    private async ValueTask<ApiError?> AugmentAsync(
        HttpContext context, PreparedRequest request, MediaHosts media, MemoryMode mode, Func<PreparedRequest, ValueTask<ApiError?>> answer)
    {
        var augmented = await memory.AugmentAsync(context, request, mode);
        using var body = augmented.Body is { } bytes ? RequestBody.Of(bytes) : null;
        if (body is not null && PreparedRequest.TryPrepare(request.Endpoint, request.Caller, body, context.Request, media, out var longer) is null)
        {
            request = longer!;
        }

        var keepsAnswer = augmented.Session is not null && mode.HasFlag(MemoryMode.Write) && context.Request.Headers[MemoryModes.AnswersHeader] == "true";
        return keepsAnswer ? await HearAsync(context, request, augmented.Session!, answer) : await answer(request);
    }

    private async ValueTask<ApiError?> HearAsync(HttpContext context, PreparedRequest request, string session, Func<PreparedRequest, ValueTask<ApiError?>> answer)
    {
        var body = context.Response.Body;
        await using var tee = new AnswerTee(body);
        context.Response.Body = tee;
        try
        {
            if (await answer(request) is { } error)
            {
                return error;
            }
        }
        finally
        {
            context.Response.Body = body;
        }

        if (context.Response.StatusCode == StatusCodes.Status200OK && AnswerText.Of(tee.Kept) is { Length: > 0 } text)
        {
            // The answer is out: whether the caller is still there does not matter.
            await turns.StoreAsync(
                request.Caller, context.Response.Headers["x-request-id"].ToString(), new AnswerRequest(text, session, "assistant", "message", "chat"), CancellationToken.None);
        }

        return null;
    }
}
