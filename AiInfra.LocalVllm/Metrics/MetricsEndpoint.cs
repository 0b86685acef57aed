using System.Diagnostics;
using System.Globalization;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Serving;

namespace AiInfra.LocalVllm.Metrics;

/// <summary><c>GET /metrics</c>: vLLM's series, under its names, labels and buckets.</summary>
internal sealed class MetricsEndpoint(IInferenceEngine engine, ServingMetrics serving, HttpMetrics http, ToolCallMetrics tools, ServeSettings settings, TimeProvider time)
{
    private readonly Dictionary<string, double> _adapterSets = [];
    private readonly string _labels = $"engine=\"0\",model_name=\"{settings.Names[0]}\"";

    public void Map(RouteTable routes) => routes.Map("GET", "/metrics", context =>
        Replies.TextAsync(context, 200, "text/plain; version=1.0.0; charset=utf-8", Render()));

    public string Render()
    {
        var page = new Exposition(serving.CreatedAt);
        WriteProcess(page);
        WriteLoad(page);
        WriteTokens(page);
        WriteRequests(page);
        page.Gauge("vllm:cache_config_info", "The cache's configuration.", (CacheLabels(), 1));
        http.Write(page);
        tools.Write(page);
        return page.ToString();
    }

    private static void WriteProcess(Exposition page)
    {
        using var process = Process.GetCurrentProcess();
        page.Gauge("process_virtual_memory_bytes", "Virtual memory.", ("", process.VirtualMemorySize64));
        page.Gauge("process_resident_memory_bytes", "Resident memory.", ("", process.WorkingSet64));
        page.Gauge("process_start_time_seconds", "Start of the process, Unix time.", ("", new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1000.0));
        page.CounterOnly("process_cpu_seconds", "Processor time used.", process.TotalProcessorTime.TotalSeconds);
        page.Gauge("process_open_fds", "Open file descriptors.", ("", process.HandleCount));
        page.Gauge("process_max_fds", "File descriptors allowed.", ("", 1_048_576));
    }

    private void WriteLoad(Exposition page)
    {
        var status = engine.Status;
        page.Counter("vllm:estimated_flops_per_gpu", "Always 0 here.", (_labels, 0));
        page.Counter("vllm:estimated_read_bytes_per_gpu", "Always 0 here.", (_labels, 0));
        page.Counter("vllm:estimated_write_bytes_per_gpu", "Always 0 here.", (_labels, 0));
        page.Gauge("vllm:num_requests_running", "Sequences being computed.", (_labels, status.Running));
        page.Gauge("vllm:num_requests_waiting", "Sequences queued.", (_labels, status.Waiting));
        page.Gauge(
            "vllm:num_requests_waiting_by_reason",
            "Sequences queued, by what they wait for.",
            ($"{_labels},reason=\"capacity\"", status.Waiting - status.Deferred),
            ($"{_labels},reason=\"deferred\"", status.Deferred));
        page.Gauge(
            "vllm:engine_sleep_state",
            "1 for the state that the engine is in.",
            ($"{_labels},sleep_state=\"awake\"", 1),
            ($"{_labels},sleep_state=\"weights_offloaded\"", 0),
            ($"{_labels},sleep_state=\"discard_all\"", 0));
        page.Gauge("vllm:kv_cache_usage_perc", "Blocks in use, 1 is all.", (_labels, status.KvCacheUsage));
        page.Counter("vllm:prefix_cache_queries", "Prompt tokens looked up in the prefix cache.", (_labels, status.PrefixCacheQueries));
        page.Counter("vllm:prefix_cache_hits", "Prompt tokens found in the prefix cache.", (_labels, status.PrefixCacheHits));
        page.Counter("vllm:external_prefix_cache_queries", "Always 0 here.", (_labels, 0));
        page.Counter("vllm:external_prefix_cache_hits", "Always 0 here.", (_labels, 0));
        page.Counter("vllm:mm_cache_queries", "Always 0 here.", (_labels, 0));
        page.Counter("vllm:mm_cache_hits", "Always 0 here.", (_labels, 0));
        if (settings.Lora)
        {
            WriteAdapters(page, status);
        }

        page.Counter("vllm:num_preemptions", "Running sequences sent back to the queue.", (_labels, status.Preemptions));
    }

    // The value is the time at which that set of adapters was last seen; old sets stay, as in vLLM.
    private void WriteAdapters(Exposition page, EngineStatus status)
    {
        lock (_adapterSets)
        {
            var labels = $"max_lora=\"{settings.MaxLoras}\",running_lora_adapters=\"{status.RunningAdapters}\",waiting_lora_adapters=\"{status.WaitingAdapters}\"";
            _adapterSets[labels] = time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;
            page.Gauge("vllm:lora_requests_info", "When each set of adapters was last seen.", [.. _adapterSets.Select(entry => (entry.Key, entry.Value))]);
        }
    }

    private void WriteTokens(Exposition page)
    {
        var (prompt, cached) = (serving.PromptTokens, serving.CachedTokens);
        page.Counter("vllm:prompt_tokens", "Prompt tokens processed.", (_labels, prompt));
        page.Counter(
            "vllm:prompt_tokens_by_source",
            "Prompt tokens by where their keys and values came from.",
            ($"{_labels},source=\"local_compute\"", prompt - cached),
            ($"{_labels},source=\"local_cache_hit\"", cached),
            ($"{_labels},source=\"external_kv_transfer\"", 0));
        page.Counter("vllm:prompt_tokens_cached", "Prompt tokens that were cached.", (_labels, cached));
        page.Counter(
            "vllm:prompt_tokens_cached_by_source",
            "Cached prompt tokens by where they were.",
            ($"{_labels},source=\"device\"", cached),
            ($"{_labels},source=\"host\"", 0),
            ($"{_labels},source=\"p2p\"", 0),
            ($"{_labels},source=\"disk\"", 0),
            ($"{_labels},source=\"external_unspecified\"", 0));
        page.Counter("vllm:generation_tokens", "Answer tokens generated.", (_labels, serving.GenerationTokens));
    }

    private void WriteRequests(Exposition page)
    {
        page.Counter("vllm:request_success", "Requests completed, by reason.", [.. ServingMetrics.FinishedReasons.Select((reason, index) =>
            ($"engine=\"0\",finished_reason=\"{reason}\",model_name=\"{settings.Names[0]}\"", (double)serving.Finished(index)))]);
        page.Counter(
            "vllm:admission_rejections",
            "Requests refused for want of queue space.",
            ($"model_name=\"{settings.Names[0]}\",reason=\"max_num_queued_reqs\"", serving.Rejections("max_num_queued_reqs")),
            ($"model_name=\"{settings.Names[0]}\",reason=\"max_num_queued_tokens\"", serving.Rejections("max_num_queued_tokens")));
        page.Histogram("vllm:request_prompt_tokens", "Prompt tokens per request.", (_labels, serving.RequestPromptTokens));
        page.Histogram("vllm:request_generation_tokens", "Answer tokens per request.", (_labels, serving.RequestGenerationTokens));
        page.Histogram("vllm:iteration_tokens_total", "Tokens per step.", (_labels, serving.IterationTokens));
        page.Histogram("vllm:request_max_num_generation_tokens", "Tokens of a request's longest choice.", (_labels, serving.MaxGenerationTokens));
        page.Histogram("vllm:request_params_n", "Choices asked for.", (_labels, serving.ParamsN));
        page.Histogram("vllm:request_params_max_tokens", "Tokens allowed.", (_labels, serving.ParamsMaxTokens));
        page.Histogram("vllm:time_to_first_token_seconds", "Arrival to first token.", (_labels, serving.FirstToken));
        page.Histogram("vllm:inter_token_latency_seconds", "Time between tokens.", (_labels, serving.InterToken));
        page.Histogram("vllm:request_time_per_output_token_seconds", "Mean time between a request's tokens.", (_labels, serving.TimePerOutputToken));
        page.Histogram("vllm:e2e_request_latency_seconds", "Arrival to last token.", (_labels, serving.EndToEnd));
        page.Histogram("vllm:request_queue_time_seconds", "Time in the queue.", (_labels, serving.Queue));
        page.Histogram("vllm:request_inference_time_seconds", "Time being computed.", (_labels, serving.Inference));
        page.Histogram("vllm:request_prefill_time_seconds", "Time of the prompt.", (_labels, serving.PrefillTime));
        page.Histogram("vllm:request_decode_time_seconds", "Time of the answer.", (_labels, serving.DecodeTime));
        page.Histogram("vllm:request_num_preemptions", "Times a request was sent back.", (_labels, serving.Preemptions));
        page.Histogram("vllm:request_prefill_kv_computed_tokens", "Prompt tokens computed per request.", (_labels, serving.PrefillComputedTokens));
    }

    private string CacheLabels()
    {
        var model = engine.Model;
        var pooling = settings.Runner == "pooling";
        var tokens = (long)(model.BlockCount) * model.BlockSize;
        var concurrency = ((double)tokens / model.MaxModelLength).ToString("0.####", CultureInfo.InvariantCulture);
        var size = settings.BlockSize is null ? "False" : "True";
        return $"_block_size_resolved=\"True\",block_size=\"{model.BlockSize}\",cache_dtype=\"auto\",cache_hit_alignment_tokens=\"None\","
            + $"effective_attention_block_size=\"{(pooling ? "None" : model.BlockSize)}\",enable_mamba_shared_prefix_checkpoint=\"False\","
            + $"enable_prefix_caching=\"{(settings.PrefixCaching && !pooling ? "True" : "False")}\",engine=\"0\",gpu_memory_utilization=\"0.92\",hash_block_size=\"None\","
            + "is_attention_free=\"False\",kv_cache_dtype_skip_layers=\"[]\",kv_cache_layout=\"None\","
            + $"kv_cache_max_concurrency=\"{(pooling ? "None" : concurrency)}\",kv_cache_memory_bytes=\"1073741824\",kv_cache_size_tokens=\"{(pooling ? "None" : tokens)}\","
            + "kv_offloading_backend=\"native\",kv_offloading_size=\"None\",kv_sharing_fast_prefill=\"False\",mamba_block_size=\"None\",mamba_cache_dtype=\"auto\","
            + "mamba_cache_mode=\"none\",mamba_page_size_padded=\"None\",mamba_ssm_cache_dtype=\"float32\",num_cpu_blocks=\"None\","
            + $"num_gpu_blocks=\"{(pooling ? 1 : model.BlockCount)}\",num_gpu_blocks_override=\"{(settings.BlockCount is { } blocks ? blocks : "None")}\","
            + "prefix_cache_retention_interval=\"0\",prefix_caching_hash_algo=\"sha256\",prefix_match_unit=\"None\",replayssm_buffer_len=\"16\","
            + "skip_page_size_padded=\"None\",sliding_window=\"None\",swa_bounded_replay=\"True\",use_kda_recoverssm=\"False\",use_replayssm=\"False\","
            + $"user_specified_block_size=\"{size}\"";
    }
}
