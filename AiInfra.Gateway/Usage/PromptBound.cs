using AiInfra.Gateway.Forwarding;
using AiInfra.Gateway.Models;

namespace AiInfra.Gateway.Usage;

/// <summary>The most tokens that a prompt can have: from the request's bytes alone, or from what the engine's own tokenizer counted.</summary>
/// <remarks>No text has more tokens than bytes, and JSON's own characters pay for the marks that a template puts around each message.</remarks>
internal static class PromptBound
{
    // A chat template's own words: a system prompt that it brings along, a date, the tools' frame.
    private const int TemplateTokens = 256;

    // Templates write tools on lines of their own, with blanks and indents that nobody sent.
    private const int ToolsWritten = 3;

    // What a conversation that a replica keeps can hold, where its card does not say.
    private const long UnknownContext = 131_072;

    public static long Of(PreparedRequest request, ModelRoute route, int tokensPerMedia)
    {
        var (peek, cost) = (request.Peek, request.Peek.Cost);
        if (request.Endpoint.IsForm)
        {
            // A file of sound has what the policy says.
            return tokensPerMedia + TemplateTokens;
        }

        var bound = request.Bytes.Length - cost.MediaBytes + ((ToolsWritten - 1L) * peek.Tools.Length) + ((long)cost.Media * tokensPerMedia);
        if (cost.Pairs is { } pairs)
        {
            bound += pairs.MoreTokens(tokensPerMedia);
        }

        if (peek.PreviousResponseId.IsThere)
        {
            bound += ContextOf(route);
        }

        return bound + TemplateTokens;
    }

    /// <summary>The same once the engine has counted the prompt; whatever else the request holds may still find its way into the template.</summary>
    public static long Counted(PreparedRequest request, long tokens)
    {
        var peek = request.Peek;
        return tokens + request.Bytes.Length - peek.Messages.Length - peek.Prompt.Length - peek.System.Length - peek.Tools.Length + TemplateTokens;
    }

    private static long ContextOf(ModelRoute route) =>
        route.Pool.FindCard(route.ServedName) is { } card && card.TryGetProperty("max_model_len", out var length) && length.TryGetInt64(out var tokens)
            ? tokens
            : UnknownContext;
}
