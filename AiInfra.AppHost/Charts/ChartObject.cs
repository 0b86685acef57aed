using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AiInfra.AppHost.Monitoring;

namespace AiInfra.AppHost.Charts;

/// <summary>A Kubernetes object as a Helm template.</summary>
/// <remarks>Expressions stand in quoted text, so they hold no quotes themselves.</remarks>
internal static partial class ChartObject
{
    public static JsonObject Create(string apiVersion, string kind, string name, string? component, JsonObject? spec = null)
    {
        var labels = Labels();
        if (component is not null)
        {
            labels["app.kubernetes.io/component"] = component;
        }

        var result = new JsonObject
        {
            ["apiVersion"] = apiVersion,
            ["kind"] = kind,
            ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = labels },
        };
        if (spec is not null)
        {
            result["spec"] = spec;
        }

        return result;
    }

    /// <summary>The labels that Aspire gives to the pods of a release.</summary>
    public static JsonObject Labels() => new()
    {
        ["app.kubernetes.io/name"] = "{{ .Chart.Name }}",
        ["app.kubernetes.io/instance"] = "{{ .Release.Name }}",
    };

    /// <summary>Selects the pods of one service, or of the whole release.</summary>
    public static JsonObject Selector(string? component = null)
    {
        var labels = new JsonObject { ["app.kubernetes.io/instance"] = "{{ .Release.Name }}" };
        if (component is not null)
        {
            labels["app.kubernetes.io/component"] = component;
        }

        return new JsonObject { ["matchLabels"] = labels };
    }

    /// <summary>Several objects in one file.</summary>
    public static string Write(IEnumerable<JsonObject> objects) => string.Join("---\n", objects.Select(one => YamlText.Write(one)));

    /// <summary>Only where the value at <paramref name="condition"/> is set, such as <c>.Values.ingress.enabled</c>.</summary>
    public static string When(string condition, string text) => $"{{{{- if {condition} }}}}\n{text}{{{{- end }}}}\n";

    /// <summary>Takes the quotes from the expressions of numbers: a quoted number is text to Kubernetes.</summary>
    public static string Numbers(string text) => QuotedNumber().Replace(text, "$1 $2");

    /// <summary>The name by which values speak of a service: Helm's expressions know no hyphens.</summary>
    public static string ValueName(string service) => service.Replace('-', '_');

    [GeneratedRegex("((?:min|max)Replicas:) \"(\\{\\{ [^\"]* \\}\\})\"")]
    private static partial Regex QuotedNumber();
}
