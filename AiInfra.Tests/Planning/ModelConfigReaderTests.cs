using System.Text.Json;
using AiInfra.AppHost.Planning;

namespace AiInfra.Tests.Planning;

/// <summary>config.json files of families that the catalogue does not hold, cut to what the planner reads.</summary>
public sealed class ModelConfigReaderTests
{
    [Fact]
    public void Reads_layer_types_of_a_sliding_model()
    {
        var model = Read("""
            {"model_type":"gemma3_text","hidden_size":1152,"num_hidden_layers":4,"num_attention_heads":4,"num_key_value_heads":1,"head_dim":256,"intermediate_size":6912,
             "vocab_size":262144,"sliding_window":512,"layer_types":["sliding_attention","sliding_attention","full_attention","sliding_attention"]}
            """);
        Assert.Equal(
            [AttentionKind.Sliding, AttentionKind.Sliding, AttentionKind.Full, AttentionKind.Sliding],
            model.Layers.Select(layer => layer.Attention!.Kind));
        Assert.Equal(512, model.Layers[0].Attention!.WindowTokens);
    }

    [Fact]
    public void A_window_that_is_switched_off_is_no_window()
    {
        var model = Read("""
            {"model_type":"qwen2","hidden_size":3584,"num_hidden_layers":2,"num_attention_heads":28,"num_key_value_heads":4,"intermediate_size":18944,"vocab_size":152064,
             "sliding_window":131072,"use_sliding_window":false}
            """);
        Assert.All(model.Layers, layer => Assert.Equal(AttentionKind.Full, layer.Attention!.Kind));
        Assert.Equal(128, model.Layers[0].Attention!.HeadSize);
    }

    [Fact]
    public void Layers_that_share_a_cache_keep_none()
    {
        var model = Read("""
            {"model_type":"gemma3n","text_config":{"hidden_size":2048,"num_hidden_layers":6,"num_attention_heads":8,"num_key_value_heads":2,"head_dim":256,"intermediate_size":8192,
             "vocab_size":262400,"sliding_window":512,"num_kv_shared_layers":2,"layer_types":["sliding_attention","sliding_attention","full_attention","sliding_attention","sliding_attention","full_attention"]}}
            """);
        Assert.Equal(2, model.Layers.Count(layer => layer.Attention!.SharesCache));
        var settings = SettingsResolver.Resolve(model, Catalogue.Gpu("h100"), PlannedStarts.Vllm("0.20.0", 4096));
        Assert.Equal(4, CacheLayout.Of(model, Parallelism.One, settings).Groups.Sum(group => group.Layers.Count));
    }

    [Fact]
    public void Reads_a_mamba_hybrid_by_its_block_types()
    {
        var model = Read("""
            {"model_type":"granitemoehybrid","hidden_size":1536,"num_hidden_layers":4,"num_attention_heads":12,"num_key_value_heads":4,"intermediate_size":512,"shared_intermediate_size":1024,
             "vocab_size":100352,"num_local_experts":64,"num_experts_per_tok":6,"mamba_n_heads":48,"mamba_d_head":64,"mamba_d_state":128,"mamba_n_groups":1,"mamba_d_conv":4,"mamba_expand":2,
             "mamba_chunk_size":256,"layers_block_type":["mamba","mamba","attention","mamba"]}
            """);
        Assert.Equal(3, model.Layers.Count(layer => layer.State is not null));
        Assert.True(model.CachesAllStates);
        // (3072 + 2 x 128) x 3 and 48 x 64 x 128, all in 16 bits.
        Assert.Equal((((3072 + 256) * 3) + (48 * 64 * 128)) * 2, StateLayout.Bytes(model.Layers[0].State!, 1, 0, 2));
        Assert.All(model.Layers, layer => Assert.Equal(64, layer.FeedForward.Experts));
    }

    [Fact]
    public void Reads_both_halves_of_a_parallel_hybrid()
    {
        var model = Read("""
            {"model_type":"falcon_h1","hidden_size":2048,"num_hidden_layers":2,"num_attention_heads":8,"num_key_value_heads":2,"head_dim":128,"intermediate_size":4096,"vocab_size":65537,
             "mamba_d_ssm":3072,"mamba_n_heads":48,"mamba_d_head":64,"mamba_d_state":256,"mamba_n_groups":1,"mamba_d_conv":4}
            """);
        Assert.All(model.Layers, layer => Assert.True(layer is { Attention: not null, State: not null }));
    }

    [Fact]
    public void Pages_of_linear_and_latent_layers_become_equal()
    {
        // Kimi-Linear's kind: three delta-attention layers to one of latent attention, layers counted from one.
        var model = Read("""
            {"model_type":"kimi_linear","hidden_size":2304,"num_hidden_layers":8,"num_attention_heads":32,"num_key_value_heads":32,"intermediate_size":9216,
             "vocab_size":163840,"kv_lora_rank":512,"qk_rope_head_dim":64,"qk_nope_head_dim":128,"v_head_dim":128,
             "linear_attn_config":{"num_heads":32,"head_dim":128,"short_conv_kernel_size":4,"kda_layers":[1,2,3,5,6,7],"full_attn_layers":[4,8]}}
            """);
        var settings = SettingsResolver.Resolve(model, Catalogue.Gpu("h100"), PlannedStarts.Vllm("0.20.0", 4096));
        var layout = CacheLayout.Of(model, Parallelism.One, settings);
        Assert.Single(layout.Groups.Select(group => group.PageBytes).Distinct());
        Assert.Equal(4, layout.Groups.Count);
        // Three convolution tails in 16 bits and a 32-bit matrix a head, in whole blocks of 16 rows of 1152 bytes.
        var state = (3 * 4096 * 3 * 2) + (32 * 128 * 128 * 4);
        Assert.Equal(16 * (int)Math.Ceiling(state / (16 * 1152.0)), layout.AttentionBlockTokens);
    }

    [Fact]
    public void A_model_of_states_alone_grows_with_nothing()
    {
        var model = Read("""
            {"model_type":"mamba2","hidden_size":2560,"num_hidden_layers":3,"num_heads":80,"head_dim":64,"state_size":128,"n_groups":1,"conv_kernel":4,"expand":2,"vocab_size":50288}
            """);
        var settings = SettingsResolver.Resolve(model, Catalogue.Gpu("h100"), PlannedStarts.Vllm("0.20.0", 4096));
        var layout = CacheLayout.Of(model, Parallelism.One, settings);
        Assert.Equal(0, layout.GrowthBytesPerToken);
        Assert.Equal(1, layout.BlocksPerRequest(1_000_000));
    }

    [Fact]
    public void Reads_the_format_of_a_quantized_checkpoint()
    {
        var model = Read("""
            {"model_type":"llama","hidden_size":4096,"num_hidden_layers":2,"num_attention_heads":32,"num_key_value_heads":8,"intermediate_size":14336,"vocab_size":128256,
             "quantization_config":{"quant_method":"awq","bits":4,"group_size":128}}
            """);
        Assert.Equal("int4", model.NativeWeights);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("""{"model_type":"llama"}""")]
    [InlineData("""{"model_type":"llama","hidden_size":64,"num_hidden_layers":2,"num_attention_heads":2,"vocab_size":10,"layer_types":[1,2]}""")]
    [InlineData("""{"model_type":"llama","hidden_size":64,"num_hidden_layers":99999999999,"num_attention_heads":2,"vocab_size":10}""")]
    [InlineData("""{"model_type":"llama","hidden_size":0,"num_hidden_layers":2,"num_attention_heads":2,"vocab_size":10}""")]
    public void Refuses_what_is_no_model_config(string json) => Assert.Throws<PlanInputException>(() => Read(json));

    private static ModelShape Read(string json) => ModelConfigReader.Read("test", JsonDocument.Parse(json).RootElement.Clone());
}
