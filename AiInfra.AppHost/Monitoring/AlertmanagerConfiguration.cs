using System.Text.Json.Nodes;

namespace AiInfra.AppHost.Monitoring;

/// <summary>Writes <c>alertmanager.yml</c>: who is told, how alerts are grouped, and which ones silence others.</summary>
internal static class AlertmanagerConfiguration
{
    private const string ShownOnly = "shown-only";

    public static string Write(MonitoringSettings settings)
    {
        var receivers = new JsonArray(new JsonObject { ["name"] = ShownOnly });
        string Receiver(string name, Uri? webhook)
        {
            if (webhook is null)
            {
                return ShownOnly;
            }

            receivers.Add((JsonNode)new JsonObject
            {
                ["name"] = name,
                ["webhook_configs"] = new JsonArray(new JsonObject { ["url"] = webhook.ToString(), ["send_resolved"] = true }),
            });
            return name;
        }

        var page = Receiver(Severities.Page, settings.PageWebhook);
        var ticket = Receiver(Severities.Ticket, settings.TicketWebhook);
        var watchdog = Receiver(Severities.Watchdog, settings.WatchdogWebhook);

        string Wait(TimeSpan time) => YamlText.Duration(TimeSpan.FromSeconds(Math.Max(1, time.TotalSeconds * settings.AlertDelayFactor)));
        JsonObject Route(string severity, string receiver, TimeSpan groupWait, TimeSpan repeat) => new()
        {
            ["matchers"] = new JsonArray($"severity=\"{severity}\""),
            ["receiver"] = receiver,
            ["group_wait"] = Wait(groupWait),
            ["repeat_interval"] = YamlText.Duration(repeat),
        };

        return YamlText.Write(new JsonObject
        {
            ["route"] = new JsonObject
            {
                ["receiver"] = ShownOnly,
                // One message for one cause: ten replicas of a pool that fail together are one event.
                ["group_by"] = new JsonArray("alertname", "pool", "model"),
                ["group_interval"] = Wait(TimeSpan.FromMinutes(5)),
                ["routes"] = new JsonArray(
                    Route(Severities.Watchdog, watchdog, TimeSpan.Zero, TimeSpan.FromMinutes(5)),
                    Route(Severities.Page, page, TimeSpan.FromSeconds(10), TimeSpan.FromHours(1)),
                    Route(Severities.Ticket, ticket, TimeSpan.FromMinutes(1), TimeSpan.FromHours(24))),
            },
            ["inhibit_rules"] = new JsonArray(
                Inhibit("""severity="page" """, """severity="ticket" """, "alertname", "model", "instance"),
                Inhibit("""alertname="AllReplicasDown" """, """alertname=~"ReplicaDown|ReplicaHung|QueueGrowing" """, "pool"),
                Inhibit("""alertname="NoReplicaUsable" """, """alertname=~"ReplicaEjected|ErrorRateHigh|.*BudgetBurn" """, "model"),
                Inhibit("""alertname="BudgetSpent" """, """alertname="BudgetNearEnd" """, "tenant", "subject", "unit", "period"),
                Inhibit("""alertname="CredentialEndsToday" """, """alertname=~"CertificateExpires|SigningKeyExpires" """, "name"),
                Inhibit("""alertname="GatewayDown" """, """alertname=~"GatewayInstanceDown|GatewaySlow|ErrorRateHigh|.*BudgetBurn" """),
                Inhibit("""alertname="MemoryServiceDown" """, """alertname=~"Memory.*|Chroma.*",alertname!="MemoryServiceDown" """)),
            ["receivers"] = receivers,
        });
    }

    private static JsonObject Inhibit(string source, string target, params string[] equal)
    {
        var rule = new JsonObject
        {
            ["source_matchers"] = new JsonArray(source.Trim()),
            ["target_matchers"] = new JsonArray([.. target.Trim().Split(',').Select(matcher => JsonValue.Create(matcher))]),
        };
        if (equal.Length > 0)
        {
            rule["equal"] = new JsonArray([.. equal.Select(label => JsonValue.Create(label))]);
        }

        return rule;
    }
}
