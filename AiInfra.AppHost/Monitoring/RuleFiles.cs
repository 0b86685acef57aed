using System.Text.Json.Nodes;

namespace AiInfra.AppHost.Monitoring;

/// <summary>Writes the rule files of Prometheus.</summary>
internal static class RuleFiles
{
    /// <summary>Every alert, by the group it is evaluated in.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<Alert>> Alerts { get; } = new Dictionary<string, IReadOnlyList<Alert>>
    {
        ["availability"] = [.. AvailabilityAlerts.All],
        ["service-levels"] = [.. ServiceLevels.Alerts, .. ResponseAlerts.All],
        ["vllm"] = [.. VllmAlerts.All],
        ["memory"] = [.. MemoryAlerts.All],
        ["tenants"] = [.. TenantAlerts.All],
        ["hosts"] = [.. HostAlerts.All],
        ["monitoring"] = [.. MonitoringAlerts.All],
    };

    public static string WriteRecordings() => YamlText.Write(new JsonObject
    {
        ["groups"] = new JsonArray(
            Group("requests", RequestRecordings.All.Select(Recording)),
            Group("service-levels", ServiceLevels.Recordings.Select(Recording))),
    });

    public static string WriteAlerts(MonitoringTargets targets, MonitoringSettings settings)
    {
        // A job that vanished from the configuration of a target has no 'up' that could be 0.
        var missing = targets.Jobs.Where(job => job.Name is not (JobNames.Prometheus or JobNames.Alertmanager))
            .Select(job => AvailabilityAlerts.Missing(job.Name));
        var groups = Alerts.Select(group => Group(
            group.Key,
            (group.Key == "availability" ? group.Value.Concat(missing) : group.Value).Select(alert => Rule(alert, settings))));
        return YamlText.Write(new JsonObject { ["groups"] = new JsonArray([.. groups]) });
    }

    private static JsonObject Group(string name, IEnumerable<JsonObject> rules) =>
        new() { ["name"] = name, ["rules"] = new JsonArray([.. rules]) };

    private static JsonObject Recording(RecordingRule rule) => new() { ["record"] = rule.Name, ["expr"] = rule.Expression };

    private static JsonObject Rule(Alert alert, MonitoringSettings settings) => new()
    {
        ["alert"] = alert.Name,
        ["expr"] = alert.Expression,
        ["for"] = YamlText.Duration(alert.For * settings.AlertDelayFactor),
        ["labels"] = new JsonObject(alert.Labels.Append(new("severity", alert.Severity))
            .Select(label => KeyValuePair.Create(label.Key, (JsonNode?)label.Value))),
        ["annotations"] = new JsonObject
        {
            ["summary"] = alert.Summary,
            ["description"] = alert.Description,
            ["runbook_url"] = $"{settings.Runbook}#{alert.Name.ToLowerInvariant()}",
        },
    };
}
