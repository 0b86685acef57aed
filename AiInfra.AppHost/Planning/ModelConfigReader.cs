using System.Text.Json;

namespace AiInfra.AppHost.Planning;

/// <summary>Reads a Hugging Face config.json (or the catalogue, which uses the same names) into a <see cref="ModelShape"/>.</summary>
internal static class ModelConfigReader
{
    private static readonly string[] AllStateTypes = ["bamba", "falcon_h1", "granitemoehybrid", "jamba", "mamba", "mamba2", "nemotron_h", "zamba2"];

    /// <exception cref="PlanInputException">The file is no model config, or lacks a number without which nothing can be planned.</exception>
    public static ModelShape Read(string name, JsonElement root)
    {
        try
        {
            return ReadShape(name, root);
        }
        catch (Exception problem) when (problem is InvalidOperationException or KeyNotFoundException or FormatException or OverflowException
            or ArgumentOutOfRangeException or DivideByZeroException)
        {
            throw new PlanInputException(
                $"The model's config has a value that is not of its kind: {problem.Message}",
                "Give the config.json that lies beside the model's weights.");
        }
    }

    private static ModelShape ReadShape(string name, JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new PlanInputException("The model's config is not a JSON object.", "Give the config.json that lies beside the model's weights.");
        }

        var config = new ConfigNumbers(root);
        // Nested text parts say "..._text": rules go by the family.
        var type = (config.Text("model_type") ?? "").Replace("_text", "", StringComparison.Ordinal);
        var count = LayerPattern.CountLayers(config);
        var kinds = LayerPattern.Read(type, count, config);
        var state = StateConfigReader.Read(type, config);
        var layers = new LayerShape[count];
        for (var index = 0; index < count; index++)
        {
            layers[index] = new LayerShape(
                AttentionConfigReader.Read(type, kinds[index], index, count, config),
                kinds[index].HasState ? state ?? throw UnknownState(type) : null,
                FeedForwardConfigReader.Read(type, kinds[index], index, config));
        }

        var drafts = config.Integer("mtp_num_hidden_layers", "num_nextn_predict_layers", "mtp_layers") ?? 0;
        var draft = layers.LastOrDefault(layer => layer.Attention is { Kind: not AttentionKind.Sliding and not AttentionKind.Compressed })
            ?? layers[^1];
        var type16 = config.Text("dtype", "torch_dtype");
        return new ModelShape(
            name, type, config.Required("hidden_size"), config.Required("vocab_size"),
            config.Integer("max_position_embeddings", "model_max_length") ?? 4096, layers)
        {
            TiesEmbeddings = config.Flag("tie_word_embeddings"),
            ElementBytes = type16 == "float32" ? 4 : 2,
            Vision = VisionConfigReader.Read(type, config),
            // A predictor is one more layer with attention, and experts where the model has them.
            DraftLayers = [.. Enumerable.Repeat(
                new LayerShape(draft.Attention, null, layers.MaxBy(layer => layer.FeedForward.Experts)!.FeedForward), drafts)],
            NativeWeights = NativeWeights(config),
            CachesAllStates = Array.IndexOf(AllStateTypes, type) >= 0,
            StateChunkTokens = config.Integer("mamba_chunk_size", "chunk_size") ?? 2048,
        };
    }

    private static string? NativeWeights(ConfigNumbers config)
    {
        if (config.Find("quantization_config") is not { ValueKind: JsonValueKind.Object } quantization)
        {
            return null;
        }

        // modelopt and compressed-tensors name the format deeper down; the words decide.
        return WeightPrecision.TryParse(quantization.GetRawText(), out var precision) ? precision.Name : null;
    }

    private static PlanInputException UnknownState(string type) =>
        new(
            $"The recurrent layers of model type '{type}' are not known to the planner.",
            "Known: Qwen3-Next and 3.5, Nemotron-H, Granite 4, Bamba, Falcon-H1, Jamba, Zamba2, LFM2, MiniMax-01, Kimi-Linear.");
}
