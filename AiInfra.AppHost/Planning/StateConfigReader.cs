using System.Text.Json;

namespace AiInfra.AppHost.Planning;

internal static class StateConfigReader
{
    public static StateShape? Read(string type, ConfigNumbers config)
    {
        var hidden = config.Integer("hidden_size") ?? 0;
        if (config.Integer("linear_num_value_heads") is { } valueHeads and > 0)
        {
            return new StateShape(
                StateKind.GatedDelta, config.Required("linear_num_key_heads"), valueHeads, config.Required("linear_key_head_dim"),
                config.Required("linear_value_head_dim"), config.Integer("linear_conv_kernel_dim") ?? 4)
            {
                StateElementBytes = ElementBytes(config.Text("mamba_ssm_dtype")),
            };
        }

        if (config.Find("linear_attn_config") is { ValueKind: JsonValueKind.Object } linear)
        {
            var heads = linear.GetProperty("num_heads").GetInt32();
            var size = linear.GetProperty("head_dim").GetInt32();
            var kernel = linear.TryGetProperty("short_conv_kernel_size", out var value) ? value.GetInt32() : 4;
            return new StateShape(StateKind.DeltaAttention, heads, heads, size, size, kernel) { StateElementBytes = 4 };
        }

        if (config.List("attn_type_list").Count > 0)
        {
            var heads = config.Required("num_attention_heads");
            var size = config.Integer("head_dim") ?? hidden / heads;
            return new StateShape(StateKind.LinearAttention, heads, heads, size, size, 1);
        }

        if (config.Integer("conv_L_cache") is { } length)
        {
            return new StateShape(StateKind.ShortConvolution, 1, 1, 0, 0, length) { InnerSize = config.Integer("conv_dim") ?? hidden };
        }

        var stateSize = config.Integer("ssm_state_size", "mamba_d_state", "state_size");
        if (stateSize is null)
        {
            return null;
        }

        var convolution = config.Integer("conv_kernel", "mamba_d_conv") ?? 4;
        var expand = config.Integer("mamba_expand", "expand") ?? 2;
        if (type is "jamba" or "mamba" or "falcon_mamba")
        {
            var width = type == "jamba" ? expand * hidden : config.Integer("intermediate_size") ?? expand * hidden;
            return new StateShape(StateKind.Mamba1, 1, 1, stateSize.Value, 0, convolution) { InnerSize = width };
        }

        var mambaHeads = config.Required("mamba_num_heads", "mamba_n_heads", "n_mamba_heads", "num_heads");
        var inner = config.Integer("mamba_d_ssm") ?? expand * hidden;
        var headSize = config.Integer("mamba_head_dim", "mamba_d_head", "mamba_headdim") ?? inner / mambaHeads;
        var isNemotron = type.StartsWith("nemotron", StringComparison.Ordinal);
        return new StateShape(
            StateKind.Mamba2, config.Integer("n_groups", "mamba_n_groups", "mamba_ngroups") ?? 1, mambaHeads, stateSize.Value, headSize, convolution)
        {
            InnerSize = isNemotron ? mambaHeads * headSize : inner,
            // vLLM keeps Nemotron's state in float32 unless its config says otherwise.
            StateElementBytes = isNemotron ? ElementBytes(config.Text("mamba_ssm_cache_dtype") ?? "float32") : 0,
        };
    }

    private static int ElementBytes(string? type) => type switch
    {
        "float32" => 4,
        "float16" or "bfloat16" => 2,
        _ => 0,
    };
}
