using System.Text.Json;

namespace AiInfra.AppHost.Planning;

/// <summary>What a layer is made of, before sizes.</summary>
internal readonly record struct LayerKind(AttentionKind? Attention, bool HasState, bool HasFeedForward, bool HasExperts)
{
    public int CompressionRatio { get; init; }
}

/// <summary>Which layers are full, sliding, recurrent: every family has its own way to say it.</summary>
internal static class LayerPattern
{
    private static readonly LayerKind Mixer = new(AttentionKind.Full, false, true, true);

    private const int MostLayers = 10_000;

    public static int CountLayers(ConfigNumbers config)
    {
        var count = config.Text("hybrid_override_pattern") is { Length: > 0 } pattern
            ? pattern.Count(letter => letter is 'M' or '*' or '-' or 'E')
            : config.Required("num_hidden_layers", "n_layer", "num_layers");
        return count is > 0 and <= MostLayers ? count : throw new PlanInputException(
            $"A model of {count:N0} layers is none.", $"The planner takes 1 to {MostLayers:N0}.");
    }

    public static IReadOnlyList<LayerKind> Read(string type, int count, ConfigNumbers config)
    {
        var latent = config.Integer("kv_lora_rank") > 0;
        var full = latent ? AttentionKind.Latent : AttentionKind.Full;
        if (config.Text("hybrid_override_pattern") is { Length: > 0 } pattern)
        {
            // "M-M*ME": Mamba, dense, attention, experts; each letter is a whole layer.
            return [.. pattern.Where(letter => letter is 'M' or '*' or '-' or 'E').Select(letter => letter switch
            {
                'M' => new LayerKind(null, true, false, false),
                '*' => new LayerKind(full, false, false, false),
                'E' => new LayerKind(null, false, true, true),
                _ => new LayerKind(null, false, true, false),
            })];
        }

        if (config.List("compress_ratios") is { Count: > 0 } ratios)
        {
            return [.. Enumerable.Range(0, count).Select(index => Mixer with
            {
                Attention = AttentionKind.Compressed,
                CompressionRatio = index < ratios.Count ? Math.Max(1, ratios[index].GetInt32()) : 1,
            })];
        }

        var names = config.List("layer_types", "layers_block_type");
        return [.. Enumerable.Range(0, count).Select(index => names.Count == count
            ? Named(type, names[index].GetString() ?? "", full)
            : Counted(type, index, count, config, full))];
    }

    private static LayerKind Named(string type, string name, AttentionKind full) => name switch
    {
        "sliding_attention" => Mixer with { Attention = AttentionKind.Sliding },
        "chunked_attention" => Mixer with { Attention = AttentionKind.Chunked },
        "linear_attention" or "mamba" or "conv" or "recurrent" => Mixer with
        {
            Attention = null,
            HasState = true,
            HasFeedForward = type is not ("nemotron_h" or "zamba2"),
        },
        "hybrid" => Mixer with { Attention = full, HasState = true },
        "moe" or "mlp" => Mixer with { Attention = null, HasExperts = name == "moe" },
        _ => Mixer with { Attention = full, HasFeedForward = type != "nemotron_h" },
    };

    private static LayerKind Counted(string type, int index, int count, ConfigNumbers config, AttentionKind full)
    {
        if (type is "mamba" or "mamba2" or "falcon_mamba")
        {
            return new LayerKind(null, true, false, false);
        }

        if (type == "falcon_h1")
        {
            return Mixer with { HasState = true };
        }

        if (IsRecurrent(type, index, config) is { } recurrent)
        {
            return recurrent ? Mixer with { Attention = null, HasState = true } : Mixer with { Attention = full };
        }

        if (config.Integer("attention_chunk_size") is > 0)
        {
            var noRope = config.List("no_rope_layers");
            var isFull = noRope.Count > index ? noRope[index].GetInt32() == 0 : (index + 1) % 4 == 0;
            return Mixer with { Attention = isFull ? full : AttentionKind.Chunked };
        }

        return Mixer with { Attention = IsSliding(type, index, count, config) ? AttentionKind.Sliding : full };
    }

    private static bool? IsRecurrent(string type, int index, ConfigNumbers config)
    {
        if (config.Integer("linear_num_value_heads") is > 0)
        {
            return (index + 1) % (config.Integer("full_attention_interval") ?? 4) != 0;
        }

        if (config.Find("linear_attn_config") is { ValueKind: JsonValueKind.Object } linear
            && linear.TryGetProperty("full_attn_layers", out var fullLayers))
        {
            // Kimi-Linear counts its layers from one.
            return !fullLayers.EnumerateArray().Any(layer => layer.GetInt32() == index + 1);
        }

        if (config.List("attn_type_list") is { Count: > 0 } types)
        {
            return types[index].GetInt32() == 0;
        }

        if (config.List("attn_layer_indices", "full_attn_idxs") is { Count: > 0 } attention)
        {
            return !attention.Any(layer => layer.GetInt32() == index);
        }

        return type == "jamba" || config.Integer("attn_layer_period") is > 0
            ? index % (config.Integer("attn_layer_period") ?? 8) != (config.Integer("attn_layer_offset") ?? 4)
            : null;
    }

    private static bool IsSliding(string type, int index, int count, ConfigNumbers config)
    {
        if (config.Integer("sliding_window") is not > 0 || config.IsOff("use_sliding_window"))
        {
            return false;
        }

        if (config.Text("sliding_window_pattern") is { Length: > 0 } letters)
        {
            // EXAONE 4 writes "LLLG": local, local, local, global; its last layer is global.
            return letters[index % letters.Length] == 'L' && index != count - 1;
        }

        if (config.Flag("use_sliding_window") && config.Integer("max_window_layers") is { } windowFrom)
        {
            return index >= windowFrom;
        }

        var interval = config.Integer("sliding_window_pattern", "_sliding_window_pattern", "full_attention_interval") ?? type switch
        {
            "gemma2" or "gpt_oss" => 2,
            "gemma3" or "gemma4" => 6,
            "cohere2" => 4,
            _ => 0,
        };
        return interval == 0 || (index + 1) % interval != 0;
    }
}
