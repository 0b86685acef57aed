using AiInfra.AppHost.Vllm;
using Aspire.Hosting;
using Microsoft.Extensions.Configuration;

namespace AiInfra.Tests.Publishing;

public sealed class ModelPoolTests
{
    [Fact]
    public void Several_pools_are_read_in_their_order()
    {
        var pools = From(
            ("Models:0:Model", "Qwen/Qwen3-8B"), ("Models:0:Replicas", "3"), ("Models:0:TensorParallel", "2"), ("Models:0:Gpu", "NVIDIA-H100-80GB-HBM3"),
            ("Models:0:Arguments:0", "--max-model-len"), ("Models:0:Arguments:1", "8192"),
            ("Models:1:Name", "embed"), ("Models:1:Model", "BAAI/bge-m3"), ("Models:1:Gpu", "none"),
            ("Models:2:Model", "far/away"), ("Models:2:Endpoint", "https://models.example.com"));

        Assert.Equal(["vllm", "embed", "vllm2x"], pools.Select(pool => pool.Name));
        Assert.Equal((3, 2, "NVIDIA-H100-80GB-HBM3"), (pools[0].Replicas, pools[0].Gpus, pools[0].GpuKind));
        Assert.Equal(["--max-model-len", "8192"], pools[0].Arguments);
        Assert.Equal((0, ""), (pools[1].Gpus, pools[1].GpuKind));
        Assert.Equal(new Uri("https://models.example.com"), pools[2].Endpoint);
    }

    [Fact]
    public void Without_the_section_there_is_one_pool_with_the_switches_of_the_local_platform()
    {
        var pool = Assert.Single(From(("AppHost:Replicas", "4"), ("AppHost:Engine", "simulated"), ("Parameters:model", "tiny")));

        Assert.Equal(("vllm", 4, "simulated", "tiny"), (pool.Name, pool.Replicas, pool.Engine, pool.Model));
    }

    [Theory]
    [InlineData("Models:0:Replicas", "17", "Models:0:Replicas")]
    [InlineData("Models:0:TensorParallel", "0", "Models:0:TensorParallel")]
    [InlineData("Models:0:Name", "my-pool", "Models:0:Name is 'my-pool'")]
    [InlineData("Models:0:Endpoint", "ftp://models", "Models:0:Endpoint is 'ftp://models'")]
    [InlineData("Models:0:Engine", "magic", "Models:0:Engine")]
    [InlineData("AppHost:Replicas", "many", "AppHost:Replicas is 'many'")]
    [InlineData("AppHost:Engine", "magic", "AppHost:Engine is 'magic'")]
    public void A_setting_out_of_its_range_is_named(string key, string value, string message)
    {
        var refused = Assert.Throws<DistributedApplicationException>(() => From((key, value)));

        Assert.StartsWith(message, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_pools_cannot_share_a_name()
    {
        var refused = Assert.Throws<DistributedApplicationException>(() => From(("Models:0:Name", "same"), ("Models:1:Name", "same")));

        Assert.Equal("Models: two pools are called 'same'.", refused.Message);
    }

    private static IReadOnlyList<VllmPoolSettings> From(params (string Key, string Value)[] settings) => VllmPoolSettings.From(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(one => KeyValuePair.Create(one.Key, (string?)one.Value))).Build(), "vllm");
}
