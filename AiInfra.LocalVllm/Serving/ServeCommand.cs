using System.Globalization;

namespace AiInfra.LocalVllm.Serving;

/// <summary>
/// Reads <c>serve MODEL --flag value …</c>. Flags of vLLM that change nothing here are accepted and ignored; flags that vLLM does not know are
/// refused. Underscores are dashes, <c>--flag=value</c> is <c>--flag value</c>.
/// </summary>
internal static class ServeCommand
{
    /// <param name="args">The process' arguments.</param>
    /// <param name="environment">Looks up an environment variable.</param>
    /// <exception cref="ServeCommandException">An argument is not understood.</exception>
    public static ServeSettings Parse(IReadOnlyList<string> args, Func<string, string?> environment)
    {
        if (args is not ["serve", ..])
        {
            throw new ServeCommandException("Usage: serve MODEL [--host HOST] [--port PORT] [--served-model-name NAME …] [--engine simulated|smollm2] …: the flags of 'vllm serve'.");
        }

        var (model, flags) = Split(args);
        return Read(model ?? "Qwen/Qwen3-0.6B", flags, environment);
    }

    private static (string? Model, Dictionary<string, List<string>> Flags) Split(IReadOnlyList<string> args)
    {
        string? model = null;
        var flags = new Dictionary<string, List<string>>();
        for (var i = 1; i < args.Count; i++)
        {
            if (!args[i].StartsWith('-'))
            {
                model = model is null ? args[i] : throw new ServeCommandException($"'{args[i]}' is not understood: the model is already '{model}'.");
                continue;
            }

            var equals = args[i].IndexOf('=');
            var name = (equals < 0 ? args[i] : args[i][..equals]).TrimStart('-').Replace('_', '-');
            // "--kv-events-config.publisher zmq" sets one key of a JSON flag.
            var kind = KnownFlags.Find(name) ?? (name.Contains('.') && KnownFlags.Find(name[..name.IndexOf('.')]) is not null ? (FlagKind?)FlagKind.Value : null)
                ?? throw new ServeCommandException($"--{name}: there is no such flag.");
            var values = kind == FlagKind.Values && flags.TryGetValue(name, out var earlier) ? earlier : [];
            flags[name] = values;
            if (equals >= 0)
            {
                values.Add(args[i][(equals + 1)..]);
            }
            else if (kind == FlagKind.Value)
            {
                values.Add(i + 1 < args.Count ? args[++i] : throw new ServeCommandException($"--{name}: a value is missing."));
            }
            else if (kind == FlagKind.Values)
            {
                while (i + 1 < args.Count && !args[i + 1].StartsWith("--", StringComparison.Ordinal))
                {
                    values.Add(args[++i]);
                }
            }
        }

        return (model, flags);
    }

    private static ServeSettings Read(string model, Dictionary<string, List<string>> flags, Func<string, string?> environment)
    {
        string? Text(string name) => flags.TryGetValue(name, out var values) ? values[^1] : null;
        IReadOnlyList<string> Many(string name) => flags.TryGetValue(name, out var values) ? values : [];
        bool Switch(string name, bool otherwise) => flags.ContainsKey(name) || (!flags.ContainsKey($"no-{name}") && otherwise);
        int? Number(string name, int least, int most) => Text(name) is { } text ? ParseNumber(name, text, least, most) : null;
        bool Variable(string name) => environment(name) is "1" or "true" or "True";

        var keys = Many("api-key");
        return new ServeSettings
        {
            Model = model,
            Engine = Text("engine") ?? "simulated",
            // "--model-folder DIR" is short for "--engine-option model-folder=DIR".
            EngineOptions = Pairs("engine-option", [.. Many("engine-option"), .. Many("model-folder").Select(folder => $"model-folder={folder}")]),
            Host = Text("host") ?? "127.0.0.1",
            Port = Number("port", 0, 65535) ?? 8000,
            ServedModelNames = Many("served-model-name"),
            MaxModelLength = Number("max-model-len", 1, 100_000_000),
            MaxSequences = Number("max-num-seqs", 1, 1_000_000),
            MaxBatchedTokens = Number("max-num-batched-tokens", 1, 100_000_000),
            BlockSize = Number("block-size", 1, 100_000),
            BlockCount = Number("num-gpu-blocks-override", 2, 100_000_000),
            PrefixCaching = Switch("enable-prefix-caching", true),
            SchedulingPolicy = Text("scheduling-policy") ?? "fcfs",
            Runner = Text("runner") is { } runner and not "auto" ? runner : "generate",
            ApiKeys = keys.Count > 0 ? keys : environment("VLLM_API_KEY") is { Length: > 0 } key ? [key] : [],
            RequestIdHeaders = Switch("enable-request-id-headers", false),
            PromptTokensDetails = Switch("enable-prompt-tokens-details", false),
            ForceIncludeUsage = Switch("enable-force-include-usage", false),
            ServerLoadTracking = Switch("enable-server-load-tracking", false),
            TokenizerInfoEndpoint = Switch("enable-tokenizer-info-endpoint", false),
            AutoToolChoice = Switch("enable-auto-tool-choice", false),
            ToolCallParser = Text("tool-call-parser"),
            MaxQueuedRequests = Number("max-num-queued-reqs", 0, int.MaxValue),
            MaxQueuedTokens = Number("max-num-queued-tokens", 0, int.MaxValue),
            SseKeepAliveSeconds = Number("sse-keep-alive-interval", 0, 86_400) ?? 0,
            StreamInterval = Number("stream-interval", 1, 1_000_000) ?? 1,
            ShutdownSeconds = Number("shutdown-timeout", 0, 86_400) ?? 0,
            RootPath = (Text("root-path") ?? "").TrimEnd('/'),
            DocsDisabled = Switch("disable-fastapi-docs", false),
            ScaleOut = Switch("enable-scale-out", false),
            Lora = Switch("enable-lora", false),
            LoraModules = Pairs("lora-modules", Many("lora-modules")),
            MaxLoras = Number("max-loras", 1, 1_000) ?? 1,
            KvEventsConfig = Text("kv-events-config"),
            DevMode = Variable("VLLM_SERVER_DEV_MODE"),
            ResponsesStore = Variable("VLLM_ENABLE_RESPONSES_API_STORE"),
            RuntimeLora = Variable("VLLM_ALLOW_RUNTIME_LORA_UPDATING"),
            KeepAliveSeconds = environment("VLLM_HTTP_TIMEOUT_KEEP_ALIVE") is { Length: > 0 } seconds ? ParseNumber("VLLM_HTTP_TIMEOUT_KEEP_ALIVE", seconds, 1, 86_400) : 5,
            Seed = long.TryParse(Text("seed"), CultureInfo.InvariantCulture, out var seed) ? seed : 0,
        };
    }

    private static int ParseNumber(string name, string text, int least, int most)
    {
        // vLLM takes "1k" for 1000 and "1K" for 1024.
        var (digits, factor) = text switch { [.., 'k'] => (text[..^1], 1000), [.., 'K'] => (text[..^1], 1024), _ => (text, 1) };
        return int.TryParse(digits, CultureInfo.InvariantCulture, out var number) && (long)number * factor is var value && value >= least && value <= most
            ? (int)value
            : throw new ServeCommandException($"--{name} {text}: give a whole number from {least} to {most}.");
    }

    private static Dictionary<string, string> Pairs(string name, IReadOnlyList<string> values)
    {
        var pairs = new Dictionary<string, string>();
        foreach (var value in values)
        {
            var equals = value.IndexOf('=');
            pairs[equals > 0 ? value[..equals] : throw new ServeCommandException($"--{name} {value}: give KEY=VALUE.")] = value[(equals + 1)..];
        }

        return pairs;
    }
}
