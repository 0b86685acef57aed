using AiInfra.AppHost.Planning;

namespace AiInfra.Tests.Planning;

/// <summary>Whole predictions, from model, GPU and settings alone, against pools that vLLM printed.</summary>
public sealed class MemoryPlanTests
{
    [Theory]
    [InlineData("llama-3.1-8b", "bf16", "a100 40gb", 1, "0.19.0", 32768, 0.9, 16_095_389_942, 21_388_937_134)]
    [InlineData("llama-3.1-8b", "bf16", "h100 nvl", 1, "0.19.0", 32768, 0.9, 16_095_389_942, 71_500_468_060)]
    [InlineData("llama-3.1-8b", "int8", "a100 40gb", 1, "0.19.0", 8192, 0.9, 9_116_068_086, 28_357_521_572)]
    [InlineData("llama-3.1-70b", "fp8", "h100", 2, "0.11.0", 16000, 0.9, 36_378_372_997, 34_359_738_368)]
    [InlineData("qwen3-32b", "bf16", "h100", 1, "0.11.0", 16000, 0.9, 65_530_463_519, 4_778_151_117)]
    [InlineData("qwen2.5-0.5b", "bf16", "rtx 4090", 1, "0.24.0", 2048, 0.85, 998_579_896, 19_413_252_178)]
    public void Weights_and_pool_are_near_what_vllm_printed(
        string model, string weights, string gpu, int tensor, string version, int context, double utilization, long printedWeights, long printedPool)
    {
        var memory = PlannedStarts.Memory(model, weights, gpu, tensor, PlannedStarts.Vllm(version, context) with { Utilization = utilization });
        Assert.InRange(memory.Tightest.Weights.Count / (double)printedWeights, 0.98, 1.02);
        Assert.InRange((memory.Tightest.Pool.Count - printedPool) / (double)Catalogue.Gpu(gpu).UsableMemory.Count, -0.04, 0.04);
        Assert.True(memory.StartsSurely);
    }

    [Theory]
    [InlineData("gpt-oss-120b", "mxfp4", "h100", 1, "0.10.1", 131072)]
    [InlineData("llama-3.1-8b", "bf16", "rtx 3090", 1, "0.6.0 (V0 engine)", 29000)]
    [InlineData("llama-3.1-405b-fp8", "fp8-ffn", "h100", 8, "0.5.3 (V0)", 131072)]
    [InlineData("llama-3.1-70b", "bf16", "h100", 1, "0.32.0", 4096)]
    public void A_start_that_was_refused_is_refused(string model, string weights, string gpu, int tensor, string version, int context) =>
        Assert.False(PlannedStarts.Memory(model, weights, gpu, tensor, PlannedStarts.Vllm(version, context)).Starts);

    [Fact]
    public void The_stage_with_the_fewest_blocks_decides()
    {
        var (shape, gpu) = (Catalogue.Model("llama-3.1-70b"), Catalogue.Gpu("h100"));
        var settings = SettingsResolver.Resolve(shape, gpu, PlannedStarts.Vllm("0.20.0", 8192));
        var memory = MemoryPlan.Of(shape, WeightPrecision.Bf16, gpu, new Parallelism(1, 3, 1), settings);
        Assert.Equal(memory.Stages.Min(stage => memory.Layout.Blocks(stage.Pool, stage.Stage)), memory.Blocks);
        Assert.Equal([26, 27, 27], new Parallelism(1, 3, 1).Stages(80).Select(stage => stage.Count).Order());
    }

    [Theory]
    [InlineData("llama-3.1-8b", 8.03)]
    [InlineData("qwen2.5-7b", 7.62)]
    [InlineData("qwen3-30b-a3b", 30.53)]
    [InlineData("qwen3-235b-a22b", 235.09)]
    [InlineData("deepseek-v3", 671)]
    [InlineData("kimi-k2", 1026)]
    [InlineData("gpt-oss-120b", 116.8)]
    [InlineData("mixtral-8x7b", 46.7)]
    public void The_shape_gives_the_published_parameter_count(string model, double billions)
    {
        var memory = PlannedStarts.Memory(model, "bf16", "h100", 1, PlannedStarts.Vllm("0.20.0", 4096));
        Assert.InRange(memory.Weights.Parameters / 1e9 / billions, 0.985, 1.015);
    }
}
