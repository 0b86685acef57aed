namespace AiInfra.AppHost.Monitoring;

/// <summary>The monitoring itself.</summary>
internal static class MonitoringAlerts
{
    public static readonly IReadOnlyList<Alert> All =
    [
        new("Watchdog", Severities.Watchdog, TimeSpan.Zero, new Condition("vector(1)", ""))
        {
            Summary = "Monitoring works",
            Description = "This alert always fires. Whoever receives it must raise the alarm when it stops coming.",
        },
        new("PrometheusReloadFailed", Severities.Ticket, TimeSpan.FromMinutes(5),
            new Condition("prometheus_config_last_reload_successful", "== 0"))
        {
            Summary = "Prometheus runs with an old configuration",
            Description = "The last reload failed; its log says which line.",
        },
        new("RuleEvaluationFails", Severities.Ticket, TimeSpan.FromMinutes(5),
            new Condition("sum by (instance) (increase(prometheus_rule_evaluation_failures_total[5m]))", "> 0"))
        {
            Summary = "Rules of Prometheus fail",
            Description = "{{ $value | humanize }} evaluations failed in 5 minutes: alerts may be missing.",
        },
        new("AlertsNotDelivered", Severities.Ticket, TimeSpan.FromMinutes(5),
            new Condition("""
                sum by (integration) (rate(alertmanager_notifications_failed_total[5m]))
                  / (sum by (integration) (rate(alertmanager_notifications_total[5m])) > 0)
                """, "> 0.01") { Silent = "nothing had to be sent in the last 5 minutes" })
        {
            Summary = "Alerts do not reach {{ $labels.integration }}",
            Description = "{{ $value | humanizePercentage }} of the notifications fail.",
        },
        new("AlertmanagerUnreachable", Severities.Ticket, TimeSpan.FromMinutes(5),
            new Condition("sum by (instance) (prometheus_notifications_alertmanagers_discovered)", "== 0"))
        {
            Summary = "Prometheus knows no Alertmanager",
            Description = "Alerts fire and nobody is told.",
        },
        new("SampleLimitReached", Severities.Ticket, TimeSpan.Zero,
            new Condition("sum by (instance) (increase(prometheus_target_scrapes_exceeded_sample_limit_total[15m]))", "> 0"))
        {
            Summary = "A target offers more series than Prometheus takes",
            Description = "Its whole scrape is thrown away: look for a label whose values come from outside.",
        },
    ];
}
