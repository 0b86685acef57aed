namespace AiInfra.LocalVllm.Serving;

/// <summary>What the command line <c>serve MODEL …</c> asked for, under vLLM's names. Read before the host is built.</summary>
internal sealed record ServeSettings
{
    /// <summary>The first argument: a name, or a folder with a model.</summary>
    public required string Model { get; init; }

    /// <summary><c>--engine</c>: <c>simulated</c> (default) or <c>smollm2</c>. Ours, not vLLM's.</summary>
    public string Engine { get; init; } = "simulated";

    /// <summary><c>--engine-option KEY=VALUE</c>, repeatable: settings of one engine alone. Ours, not vLLM's.</summary>
    public IReadOnlyDictionary<string, string> EngineOptions { get; init; } = new Dictionary<string, string>();

    /// <summary><c>--host</c>. Default 127.0.0.1 (vLLM listens everywhere).</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary><c>--port</c>. Default 8000.</summary>
    public int Port { get; init; } = 8000;

    /// <summary><c>--served-model-name</c>: the first is the name in replies, the others are aliases. Default: the model argument.</summary>
    public IReadOnlyList<string> ServedModelNames { get; init; } = [];

    /// <summary><c>--max-model-len</c>: prompt and answer together, in tokens. Null takes the engine's own limit.</summary>
    public int? MaxModelLength { get; init; }

    /// <summary><c>--max-num-seqs</c>: sequences computed at once. Null takes the engine's default.</summary>
    public int? MaxSequences { get; init; }

    /// <summary><c>--max-num-batched-tokens</c>: tokens of one step. Null takes the engine's default.</summary>
    public int? MaxBatchedTokens { get; init; }

    /// <summary><c>--block-size</c>: tokens per cache block. Null takes the engine's default.</summary>
    public int? BlockSize { get; init; }

    /// <summary><c>--num-gpu-blocks-override</c>: blocks in the cache. Null takes the engine's default.</summary>
    public int? BlockCount { get; init; }

    /// <summary><c>--enable-prefix-caching</c> / <c>--no-enable-prefix-caching</c>. Default on.</summary>
    public bool PrefixCaching { get; init; } = true;

    /// <summary><c>--scheduling-policy</c>: <c>fcfs</c> (default) or <c>priority</c>.</summary>
    public string SchedulingPolicy { get; init; } = "fcfs";

    /// <summary><c>--runner</c>: <c>generate</c> (default) or <c>pooling</c>, which serves embeddings, scores and reranking instead of text.</summary>
    public string Runner { get; init; } = "generate";

    /// <summary><c>--api-key</c>, several allowed, else the environment's <c>VLLM_API_KEY</c>. Empty asks for none.</summary>
    public IReadOnlyList<string> ApiKeys { get; init; } = [];

    /// <summary><c>--enable-request-id-headers</c>: every reply carries <c>X-Request-Id</c>.</summary>
    public bool RequestIdHeaders { get; init; }

    /// <summary><c>--enable-prompt-tokens-details</c>: usage tells cached tokens.</summary>
    public bool PromptTokensDetails { get; init; }

    /// <summary><c>--enable-force-include-usage</c>: streams always end with usage.</summary>
    public bool ForceIncludeUsage { get; init; }

    /// <summary><c>--enable-server-load-tracking</c>: <c>/load</c> counts instead of saying 0.</summary>
    public bool ServerLoadTracking { get; init; }

    /// <summary><c>--enable-tokenizer-info-endpoint</c>: serves <c>/tokenizer_info</c>.</summary>
    public bool TokenizerInfoEndpoint { get; init; }

    /// <summary><c>--enable-auto-tool-choice</c>: tool calls are read out of answers.</summary>
    public bool AutoToolChoice { get; init; }

    /// <summary><c>--tool-call-parser</c>: only <c>hermes</c> is known here.</summary>
    public string? ToolCallParser { get; init; }

    /// <summary><c>--max-num-queued-reqs</c>: waiting and running requests beyond which new ones get 503. Null is unbounded.</summary>
    public int? MaxQueuedRequests { get; init; }

    /// <summary><c>--max-num-queued-tokens</c>: prompt tokens in the queue beyond which new requests get 503. Null is unbounded.</summary>
    public int? MaxQueuedTokens { get; init; }

    /// <summary><c>--sse-keep-alive-interval</c>: seconds of silence in a stream before a comment is sent; 0 sends none.</summary>
    public int SseKeepAliveSeconds { get; init; }

    /// <summary><c>--stream-interval</c>: tokens per frame after the first. Default 1.</summary>
    public int StreamInterval { get; init; } = 1;

    /// <summary><c>--shutdown-timeout</c>: seconds that running requests get when the server is told to stop. Default 0.</summary>
    public int ShutdownSeconds { get; init; }

    /// <summary><c>--root-path</c>: a prefix that requests may carry.</summary>
    public string RootPath { get; init; } = "";

    /// <summary><c>--disable-fastapi-docs</c>: no <c>/docs</c>, <c>/redoc</c>, <c>/openapi.json</c>.</summary>
    public bool DocsDisabled { get; init; }

    /// <summary><c>--enable-scale-out</c>: serves the render and generate endpoints of a split deployment.</summary>
    public bool ScaleOut { get; init; }

    /// <summary><c>--enable-lora</c>.</summary>
    public bool Lora { get; init; }

    /// <summary><c>--lora-modules NAME=PATH …</c>: adapters served from the start.</summary>
    public IReadOnlyDictionary<string, string> LoraModules { get; init; } = new Dictionary<string, string>();

    /// <summary><c>--max-loras</c>: adapters active at once. Default 1.</summary>
    public int MaxLoras { get; init; } = 1;

    /// <summary><c>--kv-events-config</c>: JSON; null publishes no block events.</summary>
    public string? KvEventsConfig { get; init; }

    /// <summary><c>VLLM_SERVER_DEV_MODE=1</c>: serves sleep, pause, reset and other routes that must never be exposed.</summary>
    public bool DevMode { get; init; }

    /// <summary><c>VLLM_ENABLE_RESPONSES_API_STORE=1</c>: <c>/v1/responses</c> keeps what it answered.</summary>
    public bool ResponsesStore { get; init; }

    /// <summary><c>VLLM_ALLOW_RUNTIME_LORA_UPDATING=1</c>: adapters may be loaded and unloaded by request.</summary>
    public bool RuntimeLora { get; init; }

    /// <summary><c>VLLM_HTTP_TIMEOUT_KEEP_ALIVE</c>: seconds that an idle connection is kept. Default 5.</summary>
    public int KeepAliveSeconds { get; init; } = 5;

    /// <summary>The names that requests may use, the reply's own first.</summary>
    public IReadOnlyList<string> Names => ServedModelNames.Count > 0 ? ServedModelNames : [Model];

    /// <summary><c>--seed</c>: makes answers without a seed of their own repeatable. Default 0.</summary>
    public long Seed { get; init; }
}
