namespace AiInfra.AppHost.Planning;

internal static class FeedForwardConfigReader
{
    private static readonly string[] WithoutGate = ["nemotron_h", "gpt_neox", "opt", "phi", "falcon", "starcoder2", "bloom", "gpt2"];

    public static FeedForwardShape Read(string type, LayerKind kind, int index, ConfigNumbers config)
    {
        if (!kind.HasFeedForward)
        {
            return FeedForwardShape.None;
        }

        var matrices = Array.IndexOf(WithoutGate, type) >= 0 ? 2 : 3;
        var dense = config.Integer("intermediate_size", "n_inner", "ffn_hidden_size", "block_ff_dim") ?? 4 * config.Required("hidden_size");
        var experts = config.Integer("num_experts", "num_local_experts", "n_routed_experts", "num_routed_experts", "moe_num_experts") ?? 0;
        if (experts == 0 || !kind.HasExperts || IsDense(type, index, config))
        {
            return new FeedForwardShape(config.Integer("intermediate_size_mlp") ?? dense, 0, 0, 0, 0) { Matrices = matrices };
        }

        var expertSize = config.Integer("moe_intermediate_size", "expert_intermediate_size") ?? dense;
        var shared = config.Integer("shared_expert_intermediate_size", "moe_shared_expert_intermediate_size", "shared_intermediate_size")
            ?? (config.Integer("n_shared_experts", "num_shared_experts") ?? (type == "llama4" ? 1 : 0)) * expertSize;
        // Gemma 4 runs a dense part beside its experts in every layer.
        return new FeedForwardShape(
            type.StartsWith("gemma4", StringComparison.Ordinal) ? dense : 0, experts,
            config.Integer("num_experts_per_tok", "num_experts_per_token", "moe_topk", "top_k_experts") ?? 1, expertSize, shared)
        {
            Matrices = matrices,
            LatentSize = config.Integer("moe_latent_size") ?? 0,
        };
    }

    private static bool IsDense(string type, int index, ConfigNumbers config)
    {
        if (index < (config.Integer("first_k_dense_replace", "first_k_dense_layers") ?? 0))
        {
            return true;
        }

        if (config.List("mlp_only_layers").Any(layer => layer.GetInt32() == index))
        {
            return true;
        }

        if (type == "jamba" || config.Integer("expert_layer_period") is > 0)
        {
            return index % (config.Integer("expert_layer_period") ?? 2) != (config.Integer("expert_layer_offset") ?? 1);
        }

        var step = config.Integer("decoder_sparse_step", "interleave_moe_layer_step") ?? 1;
        return step > 1 && (index + 1) % step != 0;
    }
}
