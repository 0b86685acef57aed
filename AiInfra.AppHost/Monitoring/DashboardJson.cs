using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AiInfra.AppHost.Monitoring;

/// <summary>Writes a dashboard as the JSON that Grafana provisions. The same dashboard always gives the same bytes.</summary>
internal static class DashboardJson
{
    /// <summary>The model of Grafana 11; newer ones migrate it when they load it.</summary>
    public const int SchemaVersion = 39;

    private const int FullWidth = 24;

    private static readonly JsonSerializerOptions Writing = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Write(Dashboard dashboard) => new JsonObject
    {
        ["uid"] = dashboard.Uid,
        ["title"] = dashboard.Title,
        ["description"] = dashboard.Description,
        ["tags"] = new JsonArray("aiinfra"),
        ["schemaVersion"] = SchemaVersion,
        ["editable"] = false,
        ["graphTooltip"] = 1,
        ["refresh"] = "30s",
        ["time"] = new JsonObject { ["from"] = "now-3h", ["to"] = "now" },
        ["links"] = new JsonArray(new JsonObject
        {
            ["type"] = "dashboards",
            ["title"] = "AiInfra",
            ["tags"] = new JsonArray("aiinfra"),
            ["asDropdown"] = true,
            ["includeVars"] = true,
            ["keepTime"] = true,
        }),
        ["templating"] = new JsonObject { ["list"] = new JsonArray([DataSourceVariable(), .. dashboard.Variables.Select(Variable)]) },
        ["panels"] = Panels(dashboard),
    }.ToJsonString(Writing) + "\n";

    private static JsonArray Panels(Dashboard dashboard)
    {
        var panels = new JsonArray();
        var (id, y) = (0, 0);
        foreach (var row in dashboard.Rows)
        {
            panels.Add((JsonNode)new JsonObject
            {
                ["id"] = ++id,
                ["type"] = "row",
                ["title"] = row.Title,
                ["collapsed"] = false,
                ["gridPos"] = Position(0, y++, FullWidth, 1),
                ["panels"] = new JsonArray(),
            });
            var width = FullWidth / row.Panels.Length;
            for (var i = 0; i < row.Panels.Length; i++)
            {
                panels.Add((JsonNode)PanelJson.Write(row.Panels[i], ++id, Position(i * width, y, width, row.Height)));
            }

            y += row.Height;
        }

        return panels;
    }

    private static JsonObject Position(int x, int y, int width, int height) => new() { ["x"] = x, ["y"] = y, ["w"] = width, ["h"] = height };

    private static JsonObject DataSourceVariable() => new()
    {
        ["name"] = "datasource",
        ["label"] = "Prometheus",
        ["type"] = "datasource",
        ["query"] = "prometheus",
    };

    private static JsonObject Variable(DashboardVariable variable)
    {
        var result = new JsonObject
        {
            ["name"] = variable.Name,
            ["type"] = "query",
            ["datasource"] = PanelJson.DataSource(),
            ["query"] = $"label_values({variable.Series}, {variable.Label})",
            ["refresh"] = 2,
            ["sort"] = 1,
            ["multi"] = variable.Multiple,
            ["includeAll"] = variable.Multiple,
        };
        if (variable.Multiple)
        {
            // Also series that lack the label: a pattern of all known values would hide them.
            result["allValue"] = ".*";
            result["current"] = new JsonObject { ["text"] = "All", ["value"] = "$__all" };
        }

        return result;
    }
}
