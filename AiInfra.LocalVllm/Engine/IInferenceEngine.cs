namespace AiInfra.LocalVllm.Engine;

/// <summary>
/// What the HTTP surface asks of a model that generates text: tokens in, tokens out. Everything that vLLM does in its API server
/// (validation, <c>n</c>, detokenizing, stop strings, usage, frames, tool calls) is the surface's and the same for every engine.
/// </summary>
internal interface IInferenceEngine : IAsyncDisposable
{
    /// <summary>Who answers, and its limits. Constant once <see cref="StartAsync"/> has completed.</summary>
    EngineModel Model { get; }

    /// <summary>The model's tokenizer and chat template; safe for concurrent use.</summary>
    ITextTokenizer Tokenizer { get; }

    /// <summary>The load at this moment, for metrics and admission. Cheap, called from any thread.</summary>
    EngineStatus Status { get; }

    /// <summary>
    /// Set by the surface before the first request: called after every step, from the engine's thread, with the tokens that the
    /// step processed (prompt tokens computed + tokens generated). It feeds <c>vllm:iteration_tokens_total</c>.
    /// </summary>
    Action<int>? StepCompleted { get; set; }

    /// <summary>Loads the model and begins to take requests.</summary>
    /// <exception cref="EngineStartException">The model is missing or broken; the message says what to do.</exception>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Tells before a reply begins whether the engine can do what is asked for: a grammar that it does not support is refused here.</summary>
    /// <exception cref="EngineRequestException">It cannot; the message is for the caller.</exception>
    void Check(SamplingParameters sampling);

    /// <summary>
    /// Queues one sequence and gives its tokens as they come. The caller has made sure that the prompt fits
    /// <see cref="EngineModel.MaxModelLength"/> and that prompt + <see cref="SamplingParameters.MaxTokens"/> does not exceed it.
    /// The last output, and only it, has a <see cref="EngineOutput.FinishReason"/>. Cancelling or disposing the enumerator frees the
    /// sequence at the next step: that is how a client that leaves, and a stop string that the surface finds, end it.
    /// </summary>
    /// <exception cref="EngineDeadException">The engine is dead or died under the request.</exception>
    IAsyncEnumerable<EngineOutput> GenerateAsync(EngineRequest request, CancellationToken cancellationToken);

    /// <summary>Forgets every cached prefix. False while sequences run, as in vLLM.</summary>
    bool TryResetPrefixCache();
}
