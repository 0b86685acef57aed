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
        ["cost"] = [.. TenantAlerts.Cost],
        ["expiry"] = [.. ExpiryAlerts.All],
        ["hosts"] = [.. HostAlerts.All],
        ["monitoring"] = [.. MonitoringAlerts.All],
    };

    /// <summary>The rule files by name: the recordings, and one for each group of alerts.</summary>
    public static IReadOnlyDictionary<string, string> Write(MonitoringTargets targets, MonitoringSettings settings)
    {
        var files = new Dictionary<string, string>
        {
            ["recordings.yml"] = File(
                Group("requests", RequestRecordings.All.Select(Recording)),
                Group("service-levels-recorded", ServiceLevels.Recordings.Select(Recording))),
        };
        foreach (var (group, alerts) in Alerts)
        {
            var rules = group == "availability" ? alerts.Concat(Missing(targets)) : alerts;
            files[$"{group}.yml"] = File(Group(group, rules.Select(alert => Rule(alert, settings))));
        }

        return files;
    }

    // A job that vanished from the configuration of a target has no 'up' that could be 0.
    private static IEnumerable<Alert> Missing(MonitoringTargets targets) =>
        targets.Jobs.Where(job => job.Name is not (JobNames.Prometheus or JobNames.Alertmanager)).Select(job => AvailabilityAlerts.Missing(job.Name));

    private static string File(params JsonObject[] groups) => YamlText.Write(new JsonObject { ["groups"] = new JsonArray([.. groups]) });

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
