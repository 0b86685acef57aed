namespace AiInfra.Bench.Routing;

/// <summary>One request of a trace.</summary>
/// <param name="At">Seconds since the trace began.</param>
/// <param name="Blocks">What its prompt consists of, block by block; equal numbers are equal content. The last may be shorter.</param>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="AnswerTokens">Tokens of the answer.</param>
internal sealed record TraceRequest(double At, int[] Blocks, int PromptTokens, int AnswerTokens);
