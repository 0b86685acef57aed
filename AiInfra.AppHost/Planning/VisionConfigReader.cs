using System.Text.Json;

namespace AiInfra.AppHost.Planning;

internal static class VisionConfigReader
{
    public static VisionShape? Read(string type, ConfigNumbers config)
    {
        if (config.Find("vision_config") is not { ValueKind: JsonValueKind.Object } root)
        {
            return null;
        }

        var vision = new ConfigNumbers(root);
        var hidden = vision.Integer("hidden_size", "embed_dim") ?? 1152;
        var (patches, tokens) = vision.Integer("patches_per_item") is { } stated
            ? (stated, vision.Integer("tokens_per_item") ?? stated / 4)
            : LargestItem(type, vision, config);
        return new VisionShape(
            hidden, vision.Integer("intermediate_size") ?? 4 * hidden, vision.Integer("num_hidden_layers", "depth") ?? 27, patches,
            tokens);
    }

    private static (int Patches, int Tokens) LargestItem(string type, ConfigNumbers vision, ConfigNumbers config)
    {
        if (type.StartsWith("qwen", StringComparison.Ordinal))
        {
            // The processor's largest picture: 16,384 merged tokens of four patches.
            var merge = vision.Integer("spatial_merge_size") ?? 2;
            return (16384 * merge * merge, 16384);
        }

        var side = (vision.Integer("image_size") ?? 896) / Math.Max(1, vision.Integer("patch_size") ?? 14);
        return (side * side, config.Integer("mm_tokens_per_image", "image_seq_length") ?? Math.Max(1, side * side / 4));
    }
}
