using System.Text.Json.Nodes;

namespace AiInfra.AppHost.Monitoring;

/// <summary>Writes one panel in Grafana's JSON model.</summary>
internal static class PanelJson
{
    /// <summary>The data source that the reader chose: dashboards never name one.</summary>
    public static JsonObject DataSource() => new() { ["type"] = "prometheus", ["uid"] = "${datasource}" };

    public static JsonObject Write(Panel panel, int id, JsonObject position) => new()
    {
        ["id"] = id,
        ["type"] = panel.Kind,
        ["title"] = panel.Title,
        ["description"] = panel.Description,
        ["datasource"] = DataSource(),
        ["gridPos"] = position,
        ["fieldConfig"] = new JsonObject { ["defaults"] = Defaults(panel), ["overrides"] = new JsonArray() },
        ["options"] = Options(panel),
        ["targets"] = new JsonArray([.. panel.Queries.Select((query, index) => Target(panel, query, index))]),
    };

    private static JsonObject Target(Panel panel, PanelQuery query, int index)
    {
        var target = new JsonObject
        {
            ["refId"] = ((char)('A' + index)).ToString(),
            ["datasource"] = DataSource(),
            ["editorMode"] = "code",
            ["expr"] = query.Expression,
            ["legendFormat"] = query.Legend,
            [panel.Kind == "timeseries" ? "range" : "instant"] = true,
        };
        // Single requests as dots over the curve, each with the id of its trace.
        if (panel.Kind == "timeseries" && query.Expression.Contains("_bucket", StringComparison.Ordinal))
        {
            target["exemplar"] = true;
        }

        return target;
    }

    private static JsonObject Defaults(Panel panel)
    {
        var steps = (panel.RedAbove, panel.RedBelow) switch
        {
            ({ } above, _) => new JsonArray(Step("green", null), Step("red", above)),
            (_, { } below) => new JsonArray(Step("red", null), Step("green", below)),
            _ => new JsonArray(Step("green", null)),
        };
        var defaults = new JsonObject
        {
            ["unit"] = panel.Unit,
            ["thresholds"] = new JsonObject { ["mode"] = "absolute", ["steps"] = steps },
        };
        if (panel.Kind == "timeseries")
        {
            defaults["min"] = 0;
            defaults["custom"] = new JsonObject
            {
                ["fillOpacity"] = panel.Stacked ? 30 : 8,
                ["stacking"] = new JsonObject { ["mode"] = panel.Stacked ? "normal" : "none" },
                ["thresholdsStyle"] = new JsonObject { ["mode"] = panel.RedAbove is null && panel.RedBelow is null ? "off" : "line" },
            };
        }

        if (panel.LinksToReplica)
        {
            defaults["links"] = new JsonArray(new JsonObject
            {
                ["title"] = "This replica",
                ["url"] = "/d/aiinfra-replica?var-datasource=${datasource}&var-pool=${__field.labels.pool}&var-replica=${__field.labels.replica}&${__url_time_range}",
            });
        }

        return defaults;
    }

    private static JsonObject Step(string color, double? value) => new() { ["color"] = color, ["value"] = value };

    private static JsonObject Options(Panel panel) => panel.Kind switch
    {
        "timeseries" => new()
        {
            ["legend"] = new JsonObject { ["displayMode"] = "table", ["placement"] = "bottom", ["calcs"] = new JsonArray("lastNotNull", "max") },
            ["tooltip"] = new JsonObject { ["mode"] = "multi", ["sort"] = "desc" },
        },
        _ => new()
        {
            ["reduceOptions"] = new JsonObject { ["calcs"] = new JsonArray("lastNotNull"), ["values"] = false },
            ["orientation"] = "auto",
        },
    };
}
