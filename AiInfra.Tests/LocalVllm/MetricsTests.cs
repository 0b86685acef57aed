using System.Text.RegularExpressions;
using AiInfra.Tests.Fixtures;
using CsCheck;

namespace AiInfra.Tests.LocalVllm;

public sealed class MetricsTests
{
    [Theory]
    [InlineData("generating", "--max-model-len 2048 --served-model-name smollm2")]
    [InlineData("pooling", "--max-model-len 256 --served-model-name minilm --runner pooling")]
    public async Task Names_types_labels_and_buckets_are_those_of_vLLM(string recorded, string flags)
    {
        await using var server = await RunningServer.StartAsync(flags + " --engine-option profile=instant");
        await server.PostAsync(recorded == "pooling" ? "/v1/embeddings" : "/v1/completions", new { prompt = "a", input = "a" });

        var page = await server.Client.GetStringAsync("/metrics", TestContext.Current.CancellationToken);

        var expected = File.ReadLines(Path.Combine(RecordedExchange.Folder, "metrics.txt"))
            .Where(line => line.StartsWith(recorded, StringComparison.Ordinal))
            .Select(line => line[(recorded.Length + 1)..])
            .ToHashSet();
        var ours = page.Split('\n').Where(line => line.Length > 0 && !line.StartsWith("# HELP", StringComparison.Ordinal)).Select(Shape).ToHashSet();
        // vLLM's server is a Python process and says so; this one is not.
        Assert.Empty(expected.Except(ours).Order());
        Assert.Empty(ours.Except(expected).Order());
    }

    [Fact]
    public async Task Counters_agree_with_the_requests_that_were_sent()
    {
        await using var server = await RunningServer.StartAsync("--engine-option profile=instant --max-num-seqs 3 --block-size 16 --enable-prompt-tokens-details");
        var (requests, prompt, completion) = (0L, 0L, 0L);
        await Gen.Select(Gen.Int[1, 60], Gen.Int[1, 20], Gen.Int[1, 3], Gen.Int[0, 2]).Array[1, 6].HoldsAsync(
            async batch =>
            {
                var replies = await Task.WhenAll(batch.Select(request => server.PostAsync(
                    "/v1/completions",
                    new { prompt = Enumerable.Range(request.Item4 * 1000 + 300, request.Item1), max_tokens = request.Item2, n = request.Item3, temperature = 1, ignore_eos = true })));
                foreach (var (reply, request) in replies.Zip(batch))
                {
                    var usage = reply.GetProperty("usage");
                    Interlocked.Add(ref requests, request.Item3);
                    Interlocked.Add(ref prompt, (long)usage.GetProperty("prompt_tokens").GetInt32() * request.Item3);
                    Interlocked.Add(ref completion, usage.GetProperty("completion_tokens").GetInt32());
                    Assert.Equal(request.Item2 * request.Item3, usage.GetProperty("completion_tokens").GetInt32());
                }
            },
            cases: 20);

        Assert.Equal(requests, await server.MetricAsync("vllm:request_success_total"));
        Assert.Equal(prompt, await server.MetricAsync("vllm:prompt_tokens_total"));
        Assert.Equal(prompt, await server.MetricAsync("vllm:prefix_cache_queries_total"));
        Assert.Equal(completion, await server.MetricAsync("vllm:generation_tokens_total"));
        Assert.Equal(await server.MetricAsync("vllm:prefix_cache_hits_total"), await server.MetricAsync("vllm:prompt_tokens_cached_total"));
        Assert.Equal(prompt, await server.MetricAsync("vllm:prompt_tokens_by_source_total"));
        Assert.Equal(requests, await server.MetricAsync("vllm:time_to_first_token_seconds_count"));
        Assert.Equal(completion - requests, await server.MetricAsync("vllm:inter_token_latency_seconds_count"));
        Assert.Equal(requests, await server.MetricAsync("vllm:e2e_request_latency_seconds_count"));
        Assert.Equal(prompt, await server.MetricAsync("vllm:request_prompt_tokens_sum"));
        Assert.Equal(completion, await server.MetricAsync("vllm:request_generation_tokens_sum"));
        var computed = prompt - await server.MetricAsync("vllm:prefix_cache_hits_total");
        Assert.Equal(computed, await server.MetricAsync("vllm:request_prefill_kv_computed_tokens_sum"));
        Assert.Equal(computed + completion, await server.MetricAsync("vllm:iteration_tokens_total_sum"));
        Assert.Equal(0, await server.MetricAsync("vllm:num_requests_running"));
        Assert.Equal(0, await server.MetricAsync("vllm:kv_cache_usage_perc"));
    }

    [Fact]
    public async Task A_full_cache_is_counted_as_it_was_recorded()
    {
        await using var server = await RunningServer.StartAsync(
            "--engine-option profile=instant --max-model-len 1024 --max-num-seqs 4 --block-size 32 --num-gpu-blocks-override 34 --enable-prompt-tokens-details");
        // All four are there before the first step.
        await server.TroubleAsync(new { kind = "hang-engine" });
        var replies = Enumerable.Range(0, 4)
            .Select(i => server.PostAsync("/v1/completions", new { prompt = Enumerable.Range(500 + 1000 * i, 215), max_tokens = 220, ignore_eos = true }))
            .ToList();
        await server.UntilAsync("vllm:num_requests_waiting", 4);

        await server.TroubleAsync(new { kind = "none" });
        foreach (var reply in await Task.WhenAll(replies))
        {
            Assert.Equal(220, reply.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        }

        Assert.Equal(2, await server.MetricAsync("vllm:num_preemptions_total"));
        Assert.Equal(2, await server.MetricAsync("vllm:request_num_preemptions_sum"));
        Assert.Equal(860, await server.MetricAsync("vllm:prefix_cache_queries_total"));
        Assert.Equal(860, await server.MetricAsync("vllm:prompt_tokens_total"));
        Assert.Equal(0, await server.MetricAsync("vllm:prefix_cache_hits_total"));
        Assert.Equal(880, await server.MetricAsync("vllm:generation_tokens_total"));
    }

    private static string Shape(string line)
    {
        if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
        {
            return line[2..];
        }

        var series = line[..line.LastIndexOf(' ')];
        return series.StartsWith("http_", StringComparison.Ordinal) ? Regex.Replace(series, "(?<!le)=\"[^\"]*\"", "=\"\"")
            : series.Contains("cache_config_info", StringComparison.Ordinal) ? Regex.Replace(series, "=\"[^\"]*\"", "=\"\"")
            : series;
    }
}
