namespace AiInfra.LocalVllm.Engine;

/// <summary>The log probability of a token and of the likeliest ones at its place.</summary>
/// <param name="Chosen">The token itself.</param>
/// <param name="Top">The likeliest tokens, best first, as many as were asked for; <paramref name="Chosen"/> may be among them.</param>
internal sealed record TokenLogprobs(TokenLogprob Chosen, IReadOnlyList<TokenLogprob> Top);

/// <summary>One candidate.</summary>
/// <param name="Token">Its id.</param>
/// <param name="Logprob">Natural logarithm of its probability before temperature.</param>
/// <param name="Rank">1 for the likeliest.</param>
internal readonly record struct TokenLogprob(int Token, float Logprob, int Rank);
