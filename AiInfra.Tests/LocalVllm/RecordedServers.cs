using AiInfra.Tests.Fixtures;

namespace AiInfra.Tests.LocalVllm;

/// <summary>Servers with the settings of the recorded ones, started when first asked for.</summary>
internal sealed class RecordedServers : IAsyncDisposable
{
    private static readonly string Model = Path.Combine(RepositoryPaths.Root, "models", "smollm2-135m-instruct");
    private readonly Dictionary<string, RunningServer> _running = [];

    /// <summary>The folder that stands for an adapter.</summary>
    public string AdapterFolder { get; } = Directory.CreateTempSubdirectory("lora").FullName;

    public async Task<RunningServer> GetAsync(string letter)
    {
        if (!_running.TryGetValue(letter, out var server))
        {
            server = _running[letter] = await StartAsync(letter);
        }

        return server;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _running.Values)
        {
            await server.DisposeAsync();
        }

        Directory.Delete(AdapterFolder);
    }

    private Task<RunningServer> StartAsync(string letter)
    {
        var answers = $"--engine-option profile=instant answers={Path.Combine(RecordedExchange.Folder, "answers.json")}";
        var smollm2 = $"{answers} --served-model-name smollm2";
        return letter switch
        {
            "A" => RunningServer.StartModelAsync(
                Model,
                $"{smollm2} smollm2-alias --max-model-len 2048 --max-num-seqs 4 --max-num-batched-tokens 2048 --block-size 128 --enable-prefix-caching --enable-prompt-tokens-details --enable-auto-tool-choice --tool-call-parser hermes"),
            "B" or "K" => RunningServer.StartModelAsync(
                Model,
                $"{smollm2.Replace("profile=instant", "profile=8b-h100 speed=5", StringComparison.Ordinal)} --max-model-len 1024 --max-num-seqs 2 --max-num-batched-tokens 1024 --block-size 32 --num-gpu-blocks-override 100 --enable-prefix-caching --enable-prompt-tokens-details --api-key sk-test-1 sk-test-2 --enable-request-id-headers --enable-server-load-tracking --sse-keep-alive-interval 1 --max-num-queued-reqs 2 --shutdown-timeout 30 --enable-scale-out --kv-events-config "
                + "{\"enable_kv_cache_events\":true,\"publisher\":\"zmq\",\"endpoint\":\"tcp://127.0.0.1:15557\",\"replay_endpoint\":\"tcp://127.0.0.1:15558\",\"topic\":\"kv-events\"}",
                ("VLLM_SERVER_DEV_MODE", "1"),
                ("VLLM_ENABLE_RESPONSES_API_STORE", "1")),
            "C" => RunningServer.StartModelAsync("./minilm", "--served-model-name minilm --runner pooling --max-num-seqs 8 --api-key sk-test-1 --engine-option profile=instant"),
            "D" => RunningServer.StartModelAsync(
                Model, $"{smollm2} --max-model-len 1024 --max-num-seqs 2 --no-enable-prefix-caching --enable-force-include-usage --enable-tokenizer-info-endpoint --max-num-queued-tokens 300"),
            "E" => RunningServer.StartModelAsync(
                Model, $"{smollm2} --max-model-len 1024 --max-num-seqs 4 --block-size 32 --num-gpu-blocks-override 34 --stream-interval 3 --scheduling-policy priority --root-path /vllm --disable-fastapi-docs --enable-prompt-tokens-details"),
            "F" => RunningServer.StartModelAsync(
                Model, $"{smollm2} --max-model-len 1024 --enable-lora --max-loras 1 --max-lora-rank 8 --lora-modules ad1=./lora1 --shutdown-timeout 3", ("VLLM_ALLOW_RUNTIME_LORA_UPDATING", "1")),
            _ => RunningServer.StartModelAsync(
                Model, $"{smollm2} smollm2-alias --max-model-len 1024 --max-num-seqs 4 --block-size 32 --enable-prompt-tokens-details --enable-server-load-tracking --shutdown-timeout 30"),
        };
    }
}
