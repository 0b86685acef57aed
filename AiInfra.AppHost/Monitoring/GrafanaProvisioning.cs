using System.Text.Json.Nodes;

namespace AiInfra.AppHost.Monitoring;

/// <summary>Writes the files from which Grafana takes its data source and its dashboards at start.</summary>
internal static class GrafanaProvisioning
{
    /// <param name="prometheusUrl">Prometheus as Grafana reaches it.</param>
    /// <param name="tracePage">See <see cref="MonitoringSettings.TracePage"/>.</param>
    public static string DataSource(string prometheusUrl, string? tracePage) => YamlText.Write(new JsonObject
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
            ["jsonData"] = new JsonObject { ["exemplarTraceIdDestinations"] = new JsonArray(Destination(tracePage)) },
        }),
    });

    // Provisioning reads $ as the beginning of an environment variable, $$ as a dollar.
    private static JsonObject Destination(string? tracePage) => new()
    {
        ["name"] = "trace_id",
        ["url"] = (tracePage ?? "{trace}").Replace("{trace}", "$${__value.raw}", StringComparison.Ordinal),
        ["urlDisplayLabel"] = "Trace",
    };

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
