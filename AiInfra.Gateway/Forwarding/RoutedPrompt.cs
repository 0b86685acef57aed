using AiInfra.Gateway.Routing;

namespace AiInfra.Gateway.Forwarding;

/// <summary>A prompt as routing sees it. Read once, used for every attempt.</summary>
/// <param name="Chain">Goes on over the answer; null when there is no text to follow.</param>
/// <param name="Blocks">Chained hashes of the prompt.</param>
/// <param name="Tokens">Estimated tokens of the prompt.</param>
/// <param name="MaxAnswerTokens">Tokens of the answer at most, or the usual number.</param>
/// <param name="Session">A hash of the conversation's beginning.</param>
/// <param name="BytesPerToken">The ratio that the estimate was made with.</param>
internal sealed record RoutedPrompt(PromptChain? Chain, ReadOnlyMemory<ulong> Blocks, double Tokens, int MaxAnswerTokens, ulong Session, double BytesPerToken)
{
    public bool WantsReceipt { get; init; }

    public RouteRequest NewRequest() => new()
    {
        Blocks = Blocks,
        BlockTokens = PromptChain.BlockBytes / BytesPerToken,
        PromptTokens = Tokens,
        Session = Session,
        WantsReceipt = WantsReceipt,
    };
}

/// <summary>A prompt that a policy has placed on a replica, and whom to tell what becomes of it.</summary>
internal sealed class PlacedRequest(IRoutingPolicy policy, RouteRequest route, RoutedPrompt prompt, TokenRatio ratio, TimeProvider time, long started)
{
    private readonly long _promptBytes = prompt.Chain?.Length ?? 0;

    public RouteRequest Route { get; } = route;

    public PromptChain? Chain => prompt.Chain;

    public void Tell(RouteEvent happened)
    {
        if (happened == RouteEvent.Finished && prompt.Chain is { } chain)
        {
            Route.AnswerBlocks = chain.Blocks();
            if (Route.Usage is { } usage)
            {
                ratio.Learn(_promptBytes, usage.Prompt);
            }
        }

        policy.Handle(happened, Route, time.GetElapsedTime(started));
    }
}
