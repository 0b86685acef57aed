using System.Text;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.SmolLm2;
using Microsoft.Extensions.Logging.Abstractions;

namespace AiInfra.Tests.SmolLm2;

/// <summary>One started engine of the embedded model for the tests that talk to it directly.</summary>
public sealed class EngineFixture : IAsyncLifetime
{
    internal const int Block = 16;

    internal SmolLm2Engine Engine { get; } = Create(new SmolLm2Settings { Threads = 1, MaxSequences = 4, ModelFolder = ModelFiles.Path });

    public async ValueTask InitializeAsync() => await Engine.StartAsync(TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => Engine.DisposeAsync();

    internal static SmolLm2Engine Create(SmolLm2Settings settings) => new(settings, TimeProvider.System, NullLogger<SmolLm2Engine>.Instance);

    internal static int[] Chat(string question, string? system = null)
    {
        ChatTurn[] turns = system is null ? [new("user", question)] : [new("system", system), new("user", question)];
        return ModelFiles.Tokenizer.EncodeChat(turns, addGenerationPrompt: true, continueFinalMessage: false);
    }

    /// <summary>Text in which no prefix of a test appears in another one.</summary>
    internal static int[] Prose(string subject, int tokens) =>
        ModelFiles.Tokenizer.Encode(string.Concat(Enumerable.Range(0, tokens / 8).Select(i => $"The {subject} number {i} stands by the river. ")))[..tokens];

    internal Task<List<EngineOutput>> RunAsync(int[] prompt, SamplingParameters sampling, string? salt = null) =>
        RunAsync(Engine, prompt, sampling, salt);

    internal static async Task<List<EngineOutput>> RunAsync(SmolLm2Engine engine, int[] prompt, SamplingParameters sampling, string? salt = null)
    {
        var outputs = new List<EngineOutput>();
        var request = new EngineRequest(Guid.NewGuid().ToString("N"), prompt, sampling) { CacheSalt = salt };
        await foreach (var output in engine.GenerateAsync(request, TestContext.Current.CancellationToken))
        {
            outputs.Add(output);
        }

        return outputs;
    }

    /// <summary>Waits until every sequence has left, as a cancelled one does at the next step.</summary>
    internal async Task UntilIdleAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (Engine.Status is not { Running: 0, Waiting: 0 })
        {
            await Task.Delay(5, limit.Token);
        }
    }

    internal static string Text(IEnumerable<EngineOutput> outputs) =>
        Encoding.UTF8.GetString(
        [.. outputs.Where(output => output.Token is not null).SelectMany(output => ModelFiles.Tokenizer.Bytes(output.Token!.Value).ToArray())]);

    internal static int[] Ids(IEnumerable<EngineOutput> outputs) => [.. outputs.Select(output => output.Token!.Value)];

    internal static SamplingParameters Greedy(int maxTokens) => new() { MaxTokens = maxTokens, Temperature = 0 };
}

[CollectionDefinition(nameof(EngineFixture))]
public sealed class EngineGroup : ICollectionFixture<EngineFixture>;
