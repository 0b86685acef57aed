using System.Text.Json;
using AiInfra.AppHost.Planning;

namespace AiInfra.Tests.Planning;

public sealed class PlanCommandTests
{
    [Fact]
    public void Writes_a_plan_as_json_with_units_in_its_names()
    {
        var (code, output, _) = Run(
            "--model", "qwen3-32b", "--gpu", "H100", "--gpus-per-node", "2", "--context", "32768", "--users", "200", "--format", "json");
        Assert.Equal(0, code);
        var plan = JsonDocument.Parse(output).RootElement;
        Assert.Equal("starts", plan.GetProperty("verdict").GetString());
        Assert.Equal(262_144, plan.GetProperty("cache").GetProperty("bytesPerTokenPerGpu").GetDouble());
        Assert.True(plan.GetProperty("cache").GetProperty("maxConcurrencyAtFullContext").GetDouble() >= 1);
        Assert.True(plan.GetProperty("load").GetProperty("replicas").GetInt32() >= 1);
        Assert.Contains("--max-model-len", plan.GetProperty("vllmArguments").EnumerateArray().Select(argument => argument.GetString()));
    }

    [Theory]
    [InlineData("table", "left for the cache")]
    [InlineData("markdown", "| left for the cache |")]
    public void Writes_the_same_for_people(string format, string expected)
    {
        var (code, output, _) = Run("--model", "llama-3.1-8b", "--gpu", "l4", "--context", "8192", "--format", format);
        Assert.Equal(0, code);
        Assert.Contains(expected, output, StringComparison.Ordinal);
        Assert.Contains("vllm serve meta-llama/Llama-3.1-8B-Instruct", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Says_what_would_fit_when_nothing_does()
    {
        var (code, output, _) = Run("--model", "llama-3.1-70b", "--gpu", "h100", "--context", "8192");
        Assert.Equal(1, code);
        Assert.Contains("does not fit", output, StringComparison.Ordinal);
        Assert.Contains("--weights int4", output, StringComparison.Ordinal);
        Assert.Contains("--gpus-per-node", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_alternative_that_it_names_starts()
    {
        var request = new PlanRequest(
            Catalogue.Model("qwen3-32b"), WeightPrecision.Bf16, Catalogue.Gpu("l40s"), PlannedStarts.Vllm("0.32.0", 40960));
        var alternatives = Planner.Make(request).Alternatives;
        Assert.NotEmpty(alternatives);
        Assert.All(alternatives, words =>
        {
            string[] context = words.StartsWith("--context", StringComparison.Ordinal) ? [] : ["--context", "40960"];
            var (code, _, errors) = Run(["--model", "qwen3-32b", "--gpu", "l40s", .. context, .. words.Split(' ')]);
            Assert.True(code == 0, $"{words}: {errors}");
        });
    }

    [Theory]
    [InlineData("llama-3.1-8b", "--model lama-3.1-8b --gpu h100")]
    [InlineData("NVIDIA H100", "--model llama-3.1-8b --gpu h1000")]
    [InlineData("--model", "--modle llama-3.1-8b")]
    [InlineData("80GB", "--model llama-3.1-8b --gpu-memory 80")]
    [InlineData("--tp 2", "--model qwen3-8b --gpu l4 --gpus-per-node 4 --tp 3")]
    [InlineData("131,072", "--model llama-3.1-8b --gpu h100 --context 500000")]
    [InlineData("above 0 and up to 1", "--model llama-3.1-8b --gpu h100 --utilization 90")]
    [InlineData("fp8_ds_mla", "--model llama-3.1-8b --gpu h100 --kv fp9")]
    [InlineData("nvfp4", "--model llama-3.1-8b --gpu h100 --weights q4_k_m")]
    [InlineData("0.32.0", "--model llama-3.1-8b --gpu h100 --vllm two")]
    [InlineData("--gpus-per-node", "--model llama-3.1-8b --gpu h100 --tp 2 --pp 4 --gpus-per-node 2")]
    [InlineData("--gpu NAME", "--model llama-3.1-8b")]
    [InlineData("--config FILE", "--gpu h100")]
    [InlineData("table, json or markdown", "--model llama-3.1-8b --gpu h100 --format xml")]
    [InlineData("Give 1 or more", "--model llama-3.1-8b --gpu h100 --users 0")]
    [InlineData("--cached-share 0 to 1", "--model llama-3.1-8b --gpu h100 --cached-share 3")]
    [InlineData("--help", "--model llama-3.1-8b --gpu h100 --token 0")]
    [InlineData("is given twice", "--model llama-3.1-8b --model llama-2-7b")]
    [InlineData("has no value", "--model")]
    public void Wrong_input_is_answered_with_the_nearest_that_works(string nearest, string line)
    {
        var (code, output, errors) = Run(line.Split(' '));
        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.Contains(nearest, errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gpu_without_bfloat16_is_told_to_use_half() =>
        Assert.Contains("--dtype half", Run("--model", "qwen2.5-7b", "--weights", "awq", "--gpu", "T4", "--context", "8192").Output, StringComparison.Ordinal);

    [Fact]
    public void Lists_its_catalogue()
    {
        Assert.Contains("deepseek-v4-flash", Run("--list", "models").Output, StringComparison.Ordinal);
        Assert.Equal(31, Run("--list", "gpus").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("--context", Run("--help").Output, StringComparison.Ordinal);
    }

    private static (int Code, string Output, string Errors) Run(params string[] args)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        return (PlanCommand.Run(args, output, errors), output.ToString(), errors.ToString());
    }
}
