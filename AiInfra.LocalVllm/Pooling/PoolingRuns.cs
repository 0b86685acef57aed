using System.Text.Json;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Metrics;

namespace AiInfra.LocalVllm.Pooling;

/// <summary>Runs inputs through the engine's scheduler, so that embeddings queue and take time as prompts do.</summary>
internal sealed class PoolingRuns(IInferenceEngine engine, ServingMetrics metrics)
{
    public async Task RunAsync(IReadOnlyList<(string Text, int Tokens)> inputs, CancellationToken cancellationToken) =>
        await Task.WhenAll(inputs.Select(input => RunAsync(input.Tokens, cancellationToken)));

    public static void WriteUsage(Utf8JsonWriter json, int tokens)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", tokens);
        json.WriteNumber("total_tokens", tokens);
        json.WriteNumber("completion_tokens", 0);
        json.WriteNull("prompt_tokens_details");
        json.WriteNull("completion_tokens_details");
        json.WriteEndObject();
    }

    private async Task RunAsync(int tokens, CancellationToken cancellationToken)
    {
        var request = new EngineRequest("pooling", new int[Math.Max(tokens, 1)], new SamplingParameters { MaxTokens = 1 });
        await foreach (var output in engine.GenerateAsync(request, cancellationToken))
        {
            if (output.Prefill is { } prefill)
            {
                metrics.Prefilled(tokens, prefill.CachedTokens);
            }
        }

        metrics.Finished(FinishReason.Stop);
    }
}
