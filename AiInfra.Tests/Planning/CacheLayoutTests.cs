using AiInfra.AppHost.Planning;

namespace AiInfra.Tests.Planning;

/// <summary>Pages, groups and tokens against numbers that vLLM printed (recorded from public start-up logs).</summary>
public sealed class CacheLayoutTests
{
    [Theory]
    [InlineData("llama-3.1-8b", 1, "0.19.0", 32768, 58_078_695_260, 443_088, 13.52)]
    [InlineData("llama-3.1-8b", 1, "0.19.0", 32768, 21_388_937_134, 163_168, 4.98)]
    [InlineData("qwen2.5-0.5b", 1, "0.24.0", 2048, 19_413_252_178, 1_579_808, 771.39)]
    [InlineData("qwen2-7b", 2, "0.10.1.1", 16384, 34_177_202_258, 1_192_160, 72.76)]
    [InlineData("gpt-oss-120b", 4, "0.10.1.1", 16384, 48_661_979_464, 2_640_144, 284.25)]
    [InlineData("qwen3-30b-a3b", 1, "0.12.0", 16384, 5_207_647_846, 52_960, 3.23)]
    public void Tokens_and_concurrency_follow_from_the_pool(
        string model, int tensor, string version, int context, long pool, long tokens, double concurrency)
    {
        var choices = PlannedStarts.Vllm(version, context) with { BatchedTokens = 2048 };
        var layout = PlannedStarts.Layout(model, tensor, choices);
        var blocks = layout.Blocks(new Bytes(pool), 0);
        Assert.InRange(layout.PrintedTokens(blocks, context) / (double)tokens, 0.998, 1.002);
        Assert.InRange(layout.Concurrency(blocks, context) / concurrency, 0.998, 1.002);
    }

    [Theory]
    // The attention block that holds one recurrent state.
    [InlineData("qwen3-next-80b-a3b", 2, "0.10.2", "auto", 0, 544)]
    [InlineData("qwen3.5-35b-a3b", 1, "0.19.2", "auto", 0, 1056)]
    [InlineData("nemotron-3-super-120b-a12b", 1, "0.19.2", "fp8", 3, 8432)]
    public void A_hybrid_raises_its_attention_block(string model, int tensor, string version, string cache, int draftTokens, int block)
    {
        var choices = PlannedStarts.Vllm(version, 131072) with { Cache = CacheType.Parse(cache), DraftTokens = draftTokens };
        var layout = PlannedStarts.Layout(model, tensor, choices);
        Assert.Equal(block, layout.AttentionBlockTokens);
        Assert.InRange(layout.StateBytes, 1, layout.LayerPageBytes);
    }

    [Fact]
    public void A_drafter_s_layer_makes_groups_of_nine()
    {
        var choices = PlannedStarts.Vllm("0.19.2", 131072) with { Cache = CacheType.Fp8, DraftTokens = 3 };
        var layout = PlannedStarts.Layout("nemotron-3-super-120b-a12b", 1, choices);
        // 8 attention layers and the drafter's one; 40 recurrent layers need five padding layers.
        Assert.Equal(6, layout.Groups.Count);
        Assert.All(layout.Groups, group => Assert.InRange(group.Layers.Count, 8, 9));
        var blocks = layout.Blocks(new Bytes(38_923_141_120), 0);
        Assert.InRange(layout.Concurrency(blocks, 131072) / 27.81, 0.999, 1.001);
    }

    [Fact]
    public void Global_heads_of_another_size_get_a_longer_block()
    {
        var choices = PlannedStarts.Vllm("0.20.0", 8192) with { BatchedTokens = 4096 };
        var layout = PlannedStarts.Layout("gemma-4-26b-a4b", 1, choices, "gb10");
        Assert.Single(layout.Groups.Select(group => group.PageBytes).Distinct());
        Assert.Equal([16, 32], layout.Groups.Select(group => group.BlockTokens).Distinct().Order());
        Assert.InRange(layout.Concurrency(layout.Blocks(new Bytes(43_604_655_473), 0), 8192) / 35.75, 0.999, 1.001);
    }

    [Fact]
    public void Unequal_counts_are_padded_to_the_smaller_in_old_releases()
    {
        var choices = PlannedStarts.Vllm("0.11.0", 4096) with { BatchedTokens = 8192 };
        var layout = PlannedStarts.Layout("gemma-3-27b", 1, choices, "mi300x");
        var blocks = layout.Blocks(new Bytes(117_961_276_785), 0);
        Assert.Equal(7, layout.Groups.Count);
        // The printed pool is rounded to a hundredth of a GiB.
        Assert.InRange(blocks, 89_990, 89_998);
        Assert.Equal(205_696, layout.PrintedTokens(blocks, 4096));
    }

    [Fact]
    public void Latent_attention_keeps_one_row_on_every_rank_and_an_indexer_adds_its_own()
    {
        var plain = PlannedStarts.Layout("deepseek-v3", 8, PlannedStarts.Vllm("0.20.0", 8192), "h200");
        var sparse = PlannedStarts.Layout("deepseek-v3.2", 8, PlannedStarts.Vllm("0.20.0", 8192), "h200");
        Assert.Equal(61 * 576 * 2, plain.GrowthBytesPerToken);
        Assert.Equal(61 * ((576 * 2) + 132), sparse.GrowthBytesPerToken);
        Assert.Equal(
            plain.GrowthBytesPerToken,
            PlannedStarts.Layout("deepseek-v3", 1, PlannedStarts.Vllm("0.20.0", 8192), "h200").GrowthBytesPerToken);
    }

    [Fact]
    public void V0_aligned_the_latent_row_to_256_bytes()
    {
        var layout = PlannedStarts.Layout("deepseek-v3", 8, PlannedStarts.Vllm("0.7.x (V0 engine)", 128000), "h200");
        Assert.Equal(18_418, layout.Blocks(new Bytes(23_010_287_288), 0));
    }

    [Fact]
    public void Only_some_layers_of_glm_keep_an_indexer_cache()
    {
        var choices = PlannedStarts.Vllm("0.23.1", 400000) with { Cache = CacheType.Fp8Latent, BatchedTokens = 8192, Sequences = 1 };
        var layout = PlannedStarts.Layout("glm-5.2", 4, choices, "gh200");
        Assert.Equal((78 * 656) + (21 * 132), layout.GrowthBytesPerToken);
        Assert.InRange(layout.PrintedTokens(layout.Blocks(new Bytes(30_977_451_622), 0), 400000) / 574_336.0, 0.999, 1.001);
    }

    [Fact]
    public void Heads_are_copied_where_ranks_outnumber_them()
    {
        var eight = PlannedStarts.Layout("llama-3.1-70b", 8, PlannedStarts.Vllm("0.20.0", 8192));
        var sixteen = PlannedStarts.Layout("llama-3.1-70b", 16, PlannedStarts.Vllm("0.20.0", 8192));
        Assert.Equal(eight.GrowthBytesPerToken, sixteen.GrowthBytesPerToken);
    }

    [Fact]
    public void Decode_context_parallelism_multiplies_the_tokens()
    {
        var (shape, gpu) = (Catalogue.Model("deepseek-v3"), Catalogue.Gpu("h200"));
        var settings = SettingsResolver.Resolve(shape, gpu, PlannedStarts.Vllm("0.20.0", 131072));
        var one = CacheLayout.Of(shape, new Parallelism(8, 1, 1), settings);
        var eight = CacheLayout.Of(shape, new Parallelism(8, 1, 1) { DecodeContext = 8 }, settings);
        Assert.Equal(8, eight.Concurrency(1_000_000, 131072) / one.Concurrency(1_000_000, 131072), 2);
    }

    [Fact]
    public void A_refused_start_names_the_memory_of_one_request()
    {
        var layout = PlannedStarts.Layout("minimax-m2", 2, PlannedStarts.Vllm("0.29.1", 196608), "gb10");
        Assert.Equal(24_964_497_408, layout.Needed(196608, 0).Count, 100_000_000.0);
        Assert.InRange(layout.LongestRequest(new Bytes(24_159_191_040), 0, 196608), 190_100, 190_450);
    }

    [Fact]
    public void Compressed_sparse_pages_are_whole_multiples_of_576_bytes()
    {
        var layout = PlannedStarts.Layout("deepseek-v4-flash", 2, PlannedStarts.Vllm("0.25.0", 32768) with { BatchedTokens = 8192 }, "gb10");
        Assert.All(layout.Groups, group => Assert.Equal(0, group.PageBytes % 576));
        // 22 tuples of a 4-token record page, its indexer's page and a 128-token record page.
        Assert.Equal(22 * (37_440 + 8_640 + 1_728), layout.BlockBytesByStage[0]);
    }
}
