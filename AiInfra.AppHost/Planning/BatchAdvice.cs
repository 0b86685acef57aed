namespace AiInfra.AppHost.Planning;

/// <summary>
/// Sequences and tokens of a step that a plan recommends where the user sets none. vLLM's own default jumps to 1024 sequences from 70 GiB
/// of memory on, and its profile run then keeps several GiB from the cache for a batch that few loads fill; these depend on neither memory
/// nor context.
/// </summary>
internal static class BatchAdvice
{
    private const int UsualSequences = 256;
    private const double FlopsForLongSteps = 500e12;

    public static ServingChoices For(PlanRequest request)
    {
        var choices = request.Serving;
        if (request.KeepsReleaseDefaults)
        {
            return choices;
        }

        var inFlight = (request.Workload.Concurrency ?? 0) / Math.Max(1, request.Gpus);
        var sequences = UsualSequences;
        while (sequences < inFlight && sequences < 1024)
        {
            sequences *= 2;
        }

        // A long prefill step pays where compute is plenty; V0 without chunks must take a whole prompt at once.
        var tokens = request.Gpu.Flops16 >= FlopsForLongSteps ? 8192 : 2048;
        if (choices.Version is { IsV0: true } version && !version.IsAtLeast(5, 4))
        {
            tokens = Math.Max(tokens, choices.ContextTokens ?? request.Model.ContextTokens);
        }

        return choices with { Sequences = choices.Sequences ?? sequences, BatchedTokens = choices.BatchedTokens ?? tokens };
    }
}
