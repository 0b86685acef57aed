using System.Text.RegularExpressions;
using AiInfra.AppHost.Monitoring;

namespace AiInfra.Tests.Monitoring;

/// <summary>Every PromQL expression of rules and panels, with where it stands.</summary>
internal static partial class Expressions
{
    /// <summary>Each with the reason why it returns nothing in health, or null where it must return data.</summary>
    public static IEnumerable<(string Where, string Expression, string? Silent)> All =>
    [
        .. RequestRecordings.All.Concat(ServiceLevels.Recordings).Select(rule => ($"rule {rule.Name}", rule.Expression, rule.Silent)),
        .. RuleFiles.Alerts.Values.SelectMany(group => group)
            .SelectMany(alert => alert.Conditions.Select(condition => ($"alert {alert.Name}", condition.Signal, condition.Silent))),
        .. from dashboard in Dashboard.All
           from panel in dashboard.Panels
           from query in panel.Queries
           select ($"{dashboard.Title}, {panel.Title}", Filled(query.Expression), query.Silent),
    ];

    /// <summary>The expression as Grafana sends it when everything is chosen.</summary>
    public static string Filled(string expression, string interval = "5m") =>
        Variable().Replace(expression.Replace("$__rate_interval", interval, StringComparison.Ordinal), ".*")
            .Replace("=\".*\"", "=~\".*\"", StringComparison.Ordinal);

    /// <summary>The series that an expression reads, each with the labels that it names right behind it.</summary>
    public static IEnumerable<(string Series, string[] Labels)> Series(string expression, string prefix) =>
        SeriesPattern().Matches(expression)
            .Where(match => match.Groups["name"].Value.StartsWith(prefix, StringComparison.Ordinal))
            .Select(match => (match.Groups["name"].Value, LabelPattern().Matches(match.Groups["labels"].Value).Select(label => label.Groups[1].Value).ToArray()));

    [GeneratedRegex(@"\$[a-z]+")]
    private static partial Regex Variable();

    [GeneratedRegex("""(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?<labels>[^}]*)\})?""")]
    private static partial Regex SeriesPattern();

    [GeneratedRegex("""([a-zA-Z_]+)\s*(=~|!~|!=|=)""")]
    private static partial Regex LabelPattern();
}
