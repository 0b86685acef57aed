using System.Text.Json.Nodes;

namespace AiInfra.AppHost.Monitoring;

/// <summary>Writes the files from which Grafana takes its data source and its dashboards at start.</summary>
internal static class GrafanaProvisioning
{
    public static string DataSource(string prometheusUrl) => YamlText.Write(new JsonObject
    {
        ["apiVersion"] = 1,
        ["datasources"] = new JsonArray(new JsonObject
        {
            ["name"] = "Prometheus",
            ["uid"] = "prometheus",
            ["type"] = "prometheus",
            ["access"] = "proxy",
            ["url"] = prometheusUrl,
            ["isDefault"] = true,
            ["editable"] = false,
        }),
    });

    /// <summary>Tells Grafana to take every dashboard in <paramref name="folder"/>.</summary>
    public static string Provider(string folder) => YamlText.Write(new JsonObject
    {
        ["apiVersion"] = 1,
        ["providers"] = new JsonArray(new JsonObject
        {
            ["name"] = "aiinfra",
            ["type"] = "file",
            ["allowUiUpdates"] = false,
            ["options"] = new JsonObject { ["path"] = folder },
        }),
    });
}
