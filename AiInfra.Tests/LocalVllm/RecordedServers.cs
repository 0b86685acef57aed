using AiInfra.Tests.Fixtures;

namespace AiInfra.Tests.LocalVllm;

/// <summary>Servers with the settings of the recorded ones.</summary>
/// <param name="engine">The engine behind them.</param>
internal sealed class RecordedServers(string engine) : IDisposable
{
    private static readonly string Model = Path.Combine(RepositoryPaths.Root, "models", "smollm2-135m-instruct");

    // The simulator has the recorded model's answers and takes no time; the real model answers itself.
    private readonly string _engine = engine == "simulated"
        ? $"--engine simulated --engine-option answers={Path.Combine(RecordedExchange.Folder, "answers.json")} profile="
        : $"--engine {engine} --engine-option threads=2 prefix-cache-mb=64";

    /// <summary>The folder that stands for an adapter.</summary>
    public string AdapterFolder { get; } = Directory.CreateTempSubdirectory("lora").FullName;

    public void Dispose() => Directory.Delete(AdapterFolder);

    /// <returns>The server, or null where the engine has none with these settings.</returns>
    public async Task<RunningServer?> StartAsync(string letter)
    {
        if (letter == "C")
        {
            return engine == "simulated"
                ? await RunningServer.StartModelAsync("./minilm", "--served-model-name minilm --runner pooling --max-num-seqs 8 --api-key sk-test-1 --engine-option profile=instant")
                : null;
        }

        return await RunningServer.StartModelAsync(Model, $"{Engine(letter is "B" or "K" ? "8b-h100 speed=5" : "instant")} --served-model-name smollm2 {Flags(letter)}", Environment(letter));
    }

    private static string Flags(string letter) => letter switch
    {
        "A" => "smollm2-alias --max-model-len 2048 --max-num-seqs 4 --max-num-batched-tokens 2048 --block-size 128 --enable-prefix-caching --enable-prompt-tokens-details --enable-auto-tool-choice --tool-call-parser hermes",
        "B" or "K" => "--max-model-len 1024 --max-num-seqs 2 --max-num-batched-tokens 1024 --block-size 32 --num-gpu-blocks-override 100 --enable-prefix-caching --enable-prompt-tokens-details --api-key sk-test-1 sk-test-2 --enable-request-id-headers --enable-server-load-tracking --sse-keep-alive-interval 1 --max-num-queued-reqs 2 --shutdown-timeout 30 --enable-scale-out --kv-events-config "
            + $$"""{"enable_kv_cache_events":true,"publisher":"zmq","endpoint":"tcp://127.0.0.1:{{FreePorts.Next()}}","replay_endpoint":"tcp://127.0.0.1:{{FreePorts.Next()}}","topic":"kv-events"}""",
        "D" => "--max-model-len 1024 --max-num-seqs 2 --no-enable-prefix-caching --enable-force-include-usage --enable-tokenizer-info-endpoint --max-num-queued-tokens 300",
        "E" => "--max-model-len 1024 --max-num-seqs 4 --block-size 32 --num-gpu-blocks-override 34 --stream-interval 3 --scheduling-policy priority --root-path /vllm --disable-fastapi-docs --enable-prompt-tokens-details",
        "F" => "--max-model-len 1024 --enable-lora --max-loras 1 --max-lora-rank 8 --lora-modules ad1=./lora1 --shutdown-timeout 3",
        _ => "smollm2-alias --max-model-len 1024 --max-num-seqs 4 --block-size 32 --enable-prompt-tokens-details --enable-server-load-tracking --shutdown-timeout 30",
    };

    private static (string Name, string Value)[] Environment(string letter) => letter switch
    {
        "B" or "K" => [("VLLM_SERVER_DEV_MODE", "1"), ("VLLM_ENABLE_RESPONSES_API_STORE", "1")],
        "F" => [("VLLM_ALLOW_RUNTIME_LORA_UPDATING", "1")],
        _ => [],
    };

    private string Engine(string profile) => engine == "simulated" ? _engine + profile : _engine;
}
