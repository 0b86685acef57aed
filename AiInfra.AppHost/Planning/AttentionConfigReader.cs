namespace AiInfra.AppHost.Planning;

internal static class AttentionConfigReader
{
    public static AttentionShape? Read(string type, LayerKind kind, int index, int count, ConfigNumbers config)
    {
        if (kind.Attention is not { } attention)
        {
            return null;
        }

        var heads = config.Required("num_attention_heads", "n_head");
        var keyValueHeads = config.Integer("num_key_value_heads", "multi_query_group_num") ?? heads;
        var headSize = config.Integer("head_dim", "attention_head_dim", "kv_channels") ?? config.Required("hidden_size") / heads;
        var isGlobal = attention == AttentionKind.Full && type.StartsWith("gemma4", StringComparison.Ordinal);
        if (isGlobal)
        {
            headSize = config.Integer("global_head_dim") ?? headSize;
            keyValueHeads = config.Integer("num_global_key_value_heads") ?? keyValueHeads;
        }

        var shape = new AttentionShape(attention, heads, keyValueHeads, headSize)
        {
            WindowTokens = attention switch
            {
                AttentionKind.Sliding or AttentionKind.Compressed => config.Required("sliding_window"),
                AttentionKind.Chunked => config.Required("attention_chunk_size"),
                _ => 0,
            },
            IsGated = config.Flag("attn_output_gate") || type.StartsWith("qwen3_next", StringComparison.Ordinal)
                || type.StartsWith("qwen3_5", StringComparison.Ordinal),
            SharesCache = index >= count - (config.Integer("num_kv_shared_layers") ?? 0),
            QueryLatentRank = config.Integer("q_lora_rank") ?? 0,
            IndexerHeadSize = config.Integer("index_topk") is > 0 ? config.Integer("index_head_dim") ?? 128 : 0,
            IndexerHeads = config.Integer("index_n_heads") ?? 64,
            KeepsIndexerCache = KeepsIndexerCache(index, config),
            CompressionRatio = Math.Max(1, kind.CompressionRatio),
            OutputLatentRank = config.Integer("o_lora_rank") ?? 0,
            OutputGroups = config.Integer("o_groups") ?? 1,
        };
        if (attention != AttentionKind.Latent)
        {
            return attention == AttentionKind.Compressed ? shape : shape with { IndexerHeadSize = 0 };
        }

        return shape with
        {
            LatentRank = config.Required("kv_lora_rank"),
            RotaryHeadSize = config.Integer("qk_rope_head_dim") ?? 64,
            HeadSize = config.Integer("qk_nope_head_dim") ?? 128,
            ValueHeadSize = config.Integer("v_head_dim") ?? 128,
            KeyValueHeads = 1,
        };
    }

    private static bool KeepsIndexerCache(int index, ConfigNumbers config)
    {
        if (config.Integer("index_topk") is not > 0)
        {
            return false;
        }

        if (config.Text("index_topk_pattern") is { Length: > 0 } pattern && index < pattern.Length)
        {
            return pattern[index] != 'S';
        }

        return config.Integer("index_topk_freq") is not { } every || Math.Max(index - 1, 0) % every == 0;
    }
}
