using System.Text.Json.Nodes;
using AiInfra.AppHost.Monitoring;

namespace AiInfra.Tests.Monitoring;

public sealed class DashboardTests
{
    // What Prometheus itself adds to every series of a replica.
    private static readonly string[] TargetLabels = ["job", "instance", "pool", "replica", "le"];

    public static TheoryData<string> Uids => [.. Dashboard.All.Select(dashboard => dashboard.Uid)];

    [Theory]
    [MemberData(nameof(Uids))]
    public void A_dashboard_names_no_data_source_and_every_panel_says_what_it_shows(string uid)
    {
        var json = Parsed(uid);
        var panels = json["panels"]!.AsArray().Where(panel => (string?)panel!["type"] != "row").ToList();

        Assert.Equal(DashboardJson.SchemaVersion, (int)json["schemaVersion"]!);
        Assert.NotEmpty(panels);
        Assert.All(panels, panel =>
        {
            Assert.NotEmpty((string)panel!["description"]!);
            Assert.NotEmpty((string)panel["fieldConfig"]!["defaults"]!["unit"]!);
            Assert.Equal("${datasource}", (string?)panel["datasource"]!["uid"]);
            Assert.All(panel["targets"]!.AsArray(), target => Assert.Equal("${datasource}", (string?)target!["datasource"]!["uid"]));
        });
        Assert.Equal("datasource", (string?)json["templating"]!["list"]![0]!["type"]);
    }

    [Theory]
    [MemberData(nameof(Uids))]
    public void Ids_are_unique_and_panels_do_not_overlap(string uid)
    {
        var panels = Parsed(uid)["panels"]!.AsArray();
        var cells = panels.SelectMany(panel => Cells(panel!["gridPos"]!)).ToList();

        Assert.Equal(panels.Count, panels.Select(panel => (int)panel!["id"]!).Distinct().Count());
        Assert.Equal(cells.Count, cells.Distinct().Count());
        Assert.All(cells, cell => Assert.InRange(cell.X, 0, 23));
    }

    // What Grafana's published model (kinds "Dashboard" and the panel plugins' schemas) asks of the parts that we write.
    [Theory]
    [MemberData(nameof(Uids))]
    public void Parts_keep_to_the_published_model_of_a_dashboard(string uid)
    {
        var json = Parsed(uid);
        Assert.InRange(uid.Length, 1, 40);
        Assert.Matches("^[0-9]+[smh]$", (string?)json["refresh"]);
        Assert.All(json["templating"]!["list"]!.AsArray(), variable => Assert.Contains((string?)variable!["type"], new[] { "datasource", "query" }));
        Assert.Distinct(json["templating"]!["list"]!.AsArray().Select(variable => (string?)variable!["name"]));
        foreach (var panel in json["panels"]!.AsArray().Where(panel => (string?)panel!["type"] != "row"))
        {
            var targets = panel!["targets"]!.AsArray();
            var steps = panel["fieldConfig"]!["defaults"]!["thresholds"]!["steps"]!.AsArray();
            Assert.Contains((string?)panel["type"], new[] { "timeseries", "stat", "bargauge", "table" });
            Assert.Distinct(targets.Select(target => (string?)target!["refId"]));
            Assert.All(targets, target => Assert.True((bool?)target!["instant"] == true ^ (bool?)target["range"] == true));
            // The first step is the base, and has no value; the others rise.
            Assert.Null(steps[0]!["value"]);
            Assert.All(steps.Skip(1), step => Assert.NotNull(step!["value"]));
            Assert.Equal("prometheus", (string?)panel["datasource"]!["type"]);
        }
    }

    [Fact]
    public void Dashboards_have_ids_and_titles_of_their_own()
    {
        Assert.Equal(6, Dashboard.All.Select(dashboard => dashboard.Uid).Distinct().Count());
        Assert.Equal(6, Dashboard.All.Select(dashboard => dashboard.Title).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Uids))]
    public void Every_variable_that_an_expression_uses_is_offered(string uid)
    {
        var dashboard = Dashboard.All.Single(dashboard => dashboard.Uid == uid);
        var offered = dashboard.Variables.Select(variable => variable.Name).ToHashSet();

        foreach (var query in dashboard.Panels.SelectMany(panel => panel.Queries))
        {
            Assert.DoesNotContain('$', offered.Aggregate(
                query.Expression.Replace("$__rate_interval", "5m", StringComparison.Ordinal),
                (expression, name) => expression.Replace($"${name}", ".*", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task Prometheus_understands_every_expression_of_every_panel()
    {
        var rules = Expressions.All.Select((entry, index) => (JsonNode)new JsonObject { ["record"] = $"panel:n{index}", ["expr"] = entry.Expression });
        var file = YamlText.Write(new JsonObject { ["groups"] = new JsonArray(new JsonObject { ["name"] = "panels", ["rules"] = new JsonArray([.. rules]) }) });

        await MonitoringTool.CheckAsync("promtool", ["check", "rules", "panels.yml"], new Dictionary<string, string> { ["panels.yml"] = file });
    }

    [Fact]
    public void Every_vllm_series_exists_in_a_recorded_exposition_with_the_labels_that_are_asked_for()
    {
        var series = Expressions.All.SelectMany(entry => Expressions.Series(entry.Expression, "vllm:").Select(found => (entry.Where, found.Series, found.Labels))).ToList();

        Assert.NotEmpty(series);
        Assert.All(series, found =>
        {
            var metric = VllmMetric.Of(found.Series);
            Assert.True(metric is not null, $"{found.Where}: no vLLM exports {found.Series}.");
            Assert.All(found.Labels, label => Assert.True(
                metric.Labels.Contains(label) || TargetLabels.Contains(label), $"{found.Where}: {found.Series} has no label {label}."));
        });
    }

    [Fact]
    public void Rates_are_taken_of_counters_and_levels_of_gauges()
    {
        foreach (var (where, expression, _) in Expressions.All)
        {
            foreach (var (series, _) in Expressions.Series(expression, "vllm:"))
            {
                var counts = VllmMetric.Of(series)!.Type is "counter" or "histogram";
                var start = expression.IndexOf(series, StringComparison.Ordinal);
                var rated = expression[..start].EndsWith("rate(", StringComparison.Ordinal) || expression[..start].EndsWith("increase(", StringComparison.Ordinal);

                Assert.True(counts == rated, $"{where}: {series} is a {VllmMetric.Of(series)!.Type}, in {expression}");
            }
        }
    }

    [Fact]
    public void The_same_dashboard_gives_the_same_bytes() =>
        Assert.All(Dashboard.All, dashboard => Assert.Equal(DashboardJson.Write(dashboard), DashboardJson.Write(dashboard)));

    private static JsonNode Parsed(string uid) => JsonNode.Parse(DashboardJson.Write(Dashboard.All.Single(dashboard => dashboard.Uid == uid)))!;

    private static IEnumerable<(int X, int Y)> Cells(JsonNode position) =>
        from x in Enumerable.Range((int)position["x"]!, (int)position["w"]!)
        from y in Enumerable.Range((int)position["y"]!, (int)position["h"]!)
        select (x, y);
}
