using System.Text.Json;
using System.Text.Json.Nodes;
using AiInfra.AppHost.Planning;

namespace AiInfra.Bench.Planner;

/// <summary>
/// Models that logs refer to: the planner's catalogue, else the shapes beside the logs, translated to the names of a config.json.
/// </summary>
internal sealed class LogModels
{
    private static readonly (string From, string To)[] Renamed =
    [
        ("num_experts_per_token", "num_experts_per_tok"), ("max_position_tokens", "max_position_embeddings"), (
            "sliding_window_tokens", "sliding_window"),
        ("global_num_key_value_heads", "num_global_key_value_heads"), ("first_k_dense_layers", "first_k_dense_replace"), (
            "mtp_layers", "num_nextn_predict_layers"),
    ];

    private readonly Dictionary<string, JsonObject> _shapes = new(StringComparer.OrdinalIgnoreCase);

    public LogModels(string folder)
    {
        foreach (var line in Directory.EnumerateFiles(folder, "*.jsonl").SelectMany(File.ReadLines).Where(line => line.Contains(
            "\"huggingface_id\"", StringComparison.Ordinal)))
        {
            var shape = JsonNode.Parse(line)!.AsObject();
            _shapes[(string)shape["id"]!] = shape;
        }
    }

    public ModelShape? Find(string id) => Catalogue.FindModel(id) ?? (_shapes.TryGetValue(id, out var shape) ? Translate(id, shape) : null);

    private static ModelShape? Translate(string id, JsonObject shape)
    {
        var config = shape.DeepClone().AsObject();
        foreach (var (from, to) in Renamed)
        {
            if (config[from] is { } value)
            {
                config[to] = value.DeepClone();
            }
        }

        config["model_type"] = ((string?)shape["family"] ?? "").Split('-')[0];
        if (shape["sliding_layers"] is not null && shape["full_attention_layers"] is { } full)
        {
            // Only counts are known: the pattern repeats every so many layers.
            config["sliding_window_pattern"] = (int)shape["num_hidden_layers"]! / (int)full;
        }

        try
        {
            return ModelConfigReader.Read(id, JsonSerializer.SerializeToElement(config));
        }
        catch (PlanInputException)
        {
            return null;
        }
    }
}
