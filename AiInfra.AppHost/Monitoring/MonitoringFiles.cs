namespace AiInfra.AppHost.Monitoring;

/// <summary>Every file of the monitoring stack, by its path below one folder: text only, for whoever lays the files out.</summary>
internal static class MonitoringFiles
{
    public const string PrometheusConfig = "prometheus/prometheus.yml";
    public const string AlertmanagerConfig = "alertmanager/alertmanager.yml";
    public const string Dashboards = "grafana/dashboards";
    public const string Provisioning = "grafana/provisioning";

    /// <summary>Prometheus' configuration with its rules beside it.</summary>
    public static IReadOnlyDictionary<string, string> Prometheus(MonitoringTargets targets, MonitoringSettings settings)
    {
        var files = RuleFiles.Write(targets, settings).ToDictionary(file => $"prometheus/rules/{file.Key}", file => file.Value);
        // Relative to the configuration, so that the folder can lie anywhere.
        files[PrometheusConfig] = PrometheusConfiguration.Write(targets, settings, "rules/*.yml");
        return files;
    }

    public static IReadOnlyDictionary<string, string> Alertmanager(MonitoringSettings settings) =>
        new Dictionary<string, string> { [AlertmanagerConfig] = AlertmanagerConfiguration.Write(settings) };

    /// <param name="prometheusUrl">Prometheus as Grafana reaches it.</param>
    /// <param name="dashboardFolder">The folder of the dashboards as Grafana sees it.</param>
    /// <param name="settings">For the page of a trace.</param>
    public static IReadOnlyDictionary<string, string> Grafana(string prometheusUrl, string dashboardFolder, MonitoringSettings settings)
    {
        var files = Dashboard.All.ToDictionary(dashboard => $"{Dashboards}/{dashboard.Uid}.json", DashboardJson.Write);
        files[$"{Provisioning}/datasources/prometheus.yml"] = GrafanaProvisioning.DataSource(prometheusUrl, settings.TracePage);
        files[$"{Provisioning}/dashboards/aiinfra.yml"] = GrafanaProvisioning.Provider(dashboardFolder);
        return files;
    }
}
