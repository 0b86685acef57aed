using AiInfra.Gateway.Replicas;

namespace AiInfra.Tests.Gateway;

public sealed class EngineMetricsTextTests
{
    // Lines as a recorded vLLM 0.32 prints them, shortened.
    private const string Recorded = """
        # HELP vllm:num_requests_running Number of requests in model execution batches.
        # TYPE vllm:num_requests_running gauge
        vllm:num_requests_running{engine="0",model_name="smollm2"} 4.0
        vllm:num_requests_waiting{engine="0",model_name="smollm2"} 2.0
        vllm:num_requests_waiting_by_reason{engine="0",model_name="smollm2",reason="capacity"} 99.0
        vllm:kv_cache_usage_perc{engine="0",model_name="smollm2"} 0.030303030303030276
        vllm:prefix_cache_queries_total{engine="0",model_name="smollm2"} 1234.0
        vllm:prefix_cache_queries_created{engine="0",model_name="smollm2"} 1.795507007e+09
        vllm:prefix_cache_hits_total{engine="0",model_name="smollm2"} 96.0
        vllm:prompt_tokens_total{engine="0",model_name="smollm2"} 5000.0
        vllm:prompt_tokens_by_source_total{engine="0",model_name="smollm2"} 1.0
        vllm:generation_tokens_total{engine="0",model_name="smollm2"} 410.0
        vllm:cache_config_info{_block_size_resolved="True",block_size="32",cache_dtype="auto",hash_block_size="16",num_gpu_blocks="100",num_gpu_blocks_override="7"} 1.0
        """;

    [Fact]
    public void Todays_names_are_read()
    {
        var load = EngineMetricsText.Read(System.Text.Encoding.UTF8.GetBytes(Recorded));

        Assert.Equal((4, 2, 1234, 96, 5410, 32, 100), (load.Running, load.Waiting, load.PrefixQueries, load.PrefixHits, load.Progress, load.BlockSize, load.Blocks));
        Assert.Equal(0.0303, load.CacheUsage!.Value, 4);
    }

    [Fact]
    public void Names_of_older_releases_are_read_and_several_engines_added_up()
    {
        var load = EngineMetricsText.Read("""
            vllm:num_requests_running{engine="0"} 1.0
            vllm:num_requests_running{engine="1"} 2.0
            vllm:gpu_cache_usage_perc{engine="0"} 0.25
            vllm:gpu_prefix_cache_queries_total{engine="0"} 10
            vllm:gpu_prefix_cache_hits_total{engine="0"} 4
            """u8);

        Assert.Equal((3, 0.25, 10, 4), (load.Running, load.CacheUsage, load.PrefixQueries, load.PrefixHits));
    }

    [Fact]
    public void What_is_not_there_is_unknown_and_not_zero()
    {
        var load = EngineMetricsText.Read("vllm:num_requests_running{engine=\"0\"} NaN\nsomething_else 3\nvllm:\nvllm:num_requests_waiting"u8);

        Assert.Equal(new EngineLoad(), load);
        Assert.Null(load.Progress);
    }
}
