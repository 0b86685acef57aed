using AiInfra.AppHost.Monitoring;

namespace AiInfra.Tests.Monitoring;

public sealed class ConfigurationTests
{
    private static readonly MonitoringSettings Defaults = new();

    [Fact]
    public async Task Prometheus_accepts_the_configuration_and_its_rules()
    {
        var files = ReferenceTargets.RuleTexts(Defaults);
        files["prometheus.yml"] = PrometheusConfiguration.Write(ReferenceTargets.All, Defaults, [.. files.Keys]);

        var report = await MonitoringTool.CheckAsync("promtool", ["check", "config", "prometheus.yml"], files);

        Assert.Contains($"{files.Count - 1} rule files found", report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rules_pass_the_linter_of_promtool()
    {
        var files = ReferenceTargets.RuleTexts(Defaults);

        await MonitoringTool.CheckAsync("promtool", ["check", "rules", "--lint=all", "--lint-fatal", .. files.Keys], files);
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(0.01)]
    [InlineData(0.0)]
    public async Task Rules_and_routes_hold_at_every_delay(double factor)
    {
        var settings = new MonitoringSettings { AlertDelayFactor = factor, PageWebhook = new Uri("http://localhost:9999/page") };
        var files = ReferenceTargets.RuleTexts(settings);
        await MonitoringTool.CheckAsync("promtool", ["check", "rules", .. files.Keys], files);

        files["alertmanager.yml"] = AlertmanagerConfiguration.Write(settings);
        await MonitoringTool.CheckAsync("amtool", ["check-config", "alertmanager.yml"], files);
    }

    [Theory]
    [InlineData("page", "severity=page", "alertname=AllReplicasDown")]
    [InlineData("ticket", "severity=ticket", "alertname=ReplicaDown")]
    [InlineData("watchdog", "severity=watchdog", "alertname=Watchdog")]
    [InlineData("shown-only", "severity=unheard-of", "alertname=Other")]
    public async Task An_alert_goes_to_the_receiver_of_its_severity(string receiver, params string[] labels)
    {
        var settings = new MonitoringSettings
        {
            PageWebhook = new Uri("http://localhost:9999/page"),
            TicketWebhook = new Uri("http://localhost:9999/ticket"),
            WatchdogWebhook = new Uri("http://localhost:9999/watchdog"),
        };
        var files = new Dictionary<string, string> { ["alertmanager.yml"] = AlertmanagerConfiguration.Write(settings) };

        await MonitoringTool.CheckAsync("amtool",
            ["config", "routes", "test", "--config.file=alertmanager.yml", $"--verify.receivers={receiver}", .. labels], files);
    }

    [Fact]
    public void Without_a_webhook_alerts_are_only_shown() =>
        Assert.DoesNotContain("webhook_configs", AlertmanagerConfiguration.Write(Defaults), StringComparison.Ordinal);
}
