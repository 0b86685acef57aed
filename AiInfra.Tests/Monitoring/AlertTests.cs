using System.Text.Json.Nodes;
using AiInfra.AppHost.Monitoring;
using AiInfra.Tests.Fixtures;

namespace AiInfra.Tests.Monitoring;

public sealed class AlertTests
{
    private const string Watchdog = "Watchdog";
    private const string Missing = "TargetMissing";

    public static TheoryData<string> Groups => [.. RuleFiles.Alerts.Keys];

    [Theory]
    [MemberData(nameof(Groups))]
    public async Task Every_alert_fires_when_it_should_and_is_silent_when_it_should_be(string group)
    {
        var files = ReferenceTargets.RuleTexts(new MonitoringSettings());
        var names = RuleFiles.Alerts[group].Select(alert => alert.Name).ToHashSet();
        var stories = new JsonArray();
        foreach (var alert in AlertCases.All.Where(alert => names.Contains(alert.Alert) || (alert.Alert == Missing && group == "availability")))
        {
            stories.Add((JsonNode)Story($"{alert.Alert} fires", alert.Minutes, alert.Firing, alert.Alert, fires: true));
            stories.Add((JsonNode)Story($"{alert.Alert} is silent", alert.Minutes, alert.Silent, alert.Alert, fires: false));
        }

        if (names.Contains(Watchdog))
        {
            stories.Add((JsonNode)Story("the watchdog fires always", 1, [], Watchdog, fires: true));
        }

        // Only what the group needs: promtool evaluates every rule at every minute of every story.
        string[] rules = group == "service-levels" ? ["recordings.yml", $"{group}.yml"] : [$"{group}.yml"];
        files["tests.yml"] = YamlText.Write(new JsonObject
        {
            ["rule_files"] = new JsonArray([.. rules.Select(file => JsonValue.Create(file))]),
            ["evaluation_interval"] = "1m",
            ["tests"] = stories,
        });

        await MonitoringTool.CheckAsync("promtool", ["test", "rules", "tests.yml"], files);
    }

    [Fact]
    public void Every_alert_has_its_two_stories() =>
        Assert.Equal(
            Names.Except([Watchdog]).Order(),
            AlertCases.All.Select(alert => alert.Alert).Order());

    [Fact]
    public async Task Every_alert_has_its_section_in_the_runbook()
    {
        var runbook = await File.ReadAllLinesAsync(Path.Combine(RepositoryPaths.Root, "docs", "runbook.md"), TestContext.Current.CancellationToken);
        var sections = runbook.Where(line => line.StartsWith("### ", StringComparison.Ordinal)).Select(line => line[4..]);

        Assert.Equal(Names.Order(), sections.Order());
    }

    private static IEnumerable<string> Names =>
        RuleFiles.Alerts.Values.SelectMany(group => group).Append(AvailabilityAlerts.Missing("x")).Select(alert => alert.Name).Distinct();

    private static JsonObject Story(string name, int minutes, string[] series, string alert, bool fires) => new()
    {
        ["name"] = name,
        ["interval"] = "1m",
        ["input_series"] = new JsonArray([.. series.Select(Series)]),
        ["promql_expr_test"] = new JsonArray(new JsonObject
        {
            ["expr"] = $$"""group by (alertname) (ALERTS{alertname="{{alert}}",alertstate="firing"})""",
            ["eval_time"] = $"{minutes}m",
            ["exp_samples"] = fires
                ? new JsonArray(new JsonObject { ["labels"] = $$"""{alertname="{{alert}}"}""", ["value"] = 1 })
                : [],
        }),
    };

    private static JsonObject Series(string story)
    {
        var parts = story.Split(" = ");
        return new JsonObject { ["series"] = parts[0], ["values"] = parts[1] };
    }
}
