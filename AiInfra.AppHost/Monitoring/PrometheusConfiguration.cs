using System.Text.Json.Nodes;

namespace AiInfra.AppHost.Monitoring;

/// <summary>Writes <c>prometheus.yml</c>.</summary>
internal static class PrometheusConfiguration
{
    /// <summary>The whole file; <paramref name="ruleFiles"/> are paths as Prometheus will see them.</summary>
    public static string Write(MonitoringTargets targets, MonitoringSettings settings, params string[] ruleFiles)
    {
        var interval = YamlText.Duration(settings.ScrapeInterval);
        var document = new JsonObject
        {
            ["global"] = new JsonObject { ["scrape_interval"] = interval, ["evaluation_interval"] = interval },
            ["rule_files"] = new JsonArray([.. ruleFiles.Select(file => JsonValue.Create(file))]),
        };
        if (targets.Alertmanager is { } alertmanager)
        {
            document["alerting"] = new JsonObject
            {
                ["alertmanagers"] = new JsonArray(new JsonObject
                {
                    ["static_configs"] = new JsonArray(new JsonObject { ["targets"] = new JsonArray(alertmanager) }),
                }),
            };
        }

        document["scrape_configs"] = new JsonArray([.. targets.Jobs.Select(Job)]);
        return YamlText.Write(document);
    }

    private static JsonObject Job(ScrapeJob job)
    {
        var result = new JsonObject
        {
            ["job_name"] = job.Name,
            // A target that answers with more than this is broken or abused: better no samples (and an alert) than a full disk.
            ["sample_limit"] = 20_000,
        };
        if (job.Targets.Count > 0)
        {
            result["static_configs"] = new JsonArray([.. job.Targets.Select(Target)]);
        }

        var names = job.Dns is { } one ? [one] : job.Pools;
        if (names.Count > 0)
        {
            result["dns_sd_configs"] = new JsonArray([.. names.Select(dns => new JsonObject
            {
                ["names"] = new JsonArray(dns.Name),
                ["type"] = "A",
                ["port"] = dns.Port,
            })]);
        }

        if (job.Pools.Count > 0)
        {
            result["relabel_configs"] = new JsonArray(
                new JsonObject
                {
                    ["source_labels"] = new JsonArray("__meta_dns_name"),
                    ["regex"] = "(.+)-service",
                    ["target_label"] = "pool",
                },
                new JsonObject { ["source_labels"] = new JsonArray("__address__"), ["target_label"] = "replica" });
        }

        result["metric_relabel_configs"] = new JsonArray(
            // One name for the model, whether a series follows GenAI conventions or is ours.
            new JsonObject
            {
                ["source_labels"] = new JsonArray("gen_ai_request_model"),
                ["regex"] = "(.+)",
                ["target_label"] = "model",
            },
            new JsonObject
            {
                ["regex"] = "gen_ai_request_model|otel_scope_.*",
                ["action"] = "labeldrop",
            },
            // Times of creation that Python's client writes beside every counter: nobody asks for them.
            new JsonObject
            {
                ["source_labels"] = new JsonArray("__name__"),
                ["regex"] = "(vllm:|http_).*_created",
                ["action"] = "drop",
            });
        return result;
    }

    private static JsonObject Target(ScrapeTarget target)
    {
        var result = new JsonObject { ["targets"] = new JsonArray(target.Address) };
        if (target.Labels.Count > 0)
        {
            result["labels"] = new JsonObject(target.Labels.Select(label => KeyValuePair.Create(label.Key, (JsonNode?)label.Value)));
        }

        return result;
    }
}
