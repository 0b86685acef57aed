using System.Text.RegularExpressions;
using AiInfra.AppHost.Topology;

namespace AiInfra.AppHost.Charts;

/// <summary>Conditions that a template needs and that the objects Aspire writes cannot express, put into its text.</summary>
internal static partial class ChartText
{
    /// <summary>A Secret only where no existing one is named, and never one with an empty password that everybody can guess.</summary>
    public static string Secret(string text, string service) => ChartObject.When(
        $"not .Values.existingSecrets.{ChartObject.ValueName(service)}",
        SecretValue().Replace(
            // Aspire looks for the password of a connection string among the caller's secrets, where its values have none.
            text.Replace($".Values.secrets.{ChartObject.ValueName(service)}.redis_password", $".Values.secrets.{Architecture.Redis}.redis_password", StringComparison.Ordinal),
            match => match.Groups[1].Value.EndsWith(".hf_token", StringComparison.Ordinal)
                ? match.Value
                : $"{{{{ required `secrets.{match.Groups[1].Value} is empty` .Values.secrets.{match.Groups[1].Value} }}}}"));

    /// <summary>The number of instances by a value, unless an autoscaler decides; annotations by a value.</summary>
    public static string Workload(string text, ServiceShape service, bool isScalable)
    {
        var name = ChartObject.ValueName(service.Name);
        var annotated = PodLabels().Replace(text, "$1      annotations:\n        {{- toYaml .Values.podAnnotations | nindent 8 }}\n$2", 1);
        return isScalable
            ? Spec().Replace(annotated, $"spec:\n  {{{{- if not .Values.autoscaling.{name}.enabled }}}}\n  replicas: {{{{ .Values.replicas.{name} }}}}\n  {{{{- end }}}}\n", 1)
            : annotated;
    }

    /// <summary>Callers are given an instance in their own zone while there is one (Kubernetes 1.31; older servers ignore the field).</summary>
    public static string Service(string text, ServiceShape service) =>
        service.Replicas > 1 && service.Pool is null ? $"{text.TrimEnd()}\n  trafficDistribution: \"PreferClose\"\n" : text;

    /// <summary>Pins the images of our own, which Aspire names <c>latest</c>; leaves out the values that no template asks for.</summary>
    public static string Values(string text) => OwnImage().Replace(text, $"$1: \"aiinfra/$2:{Images.OwnVersion}\"")
        .Replace("    ConnectionStrings__redis: \"\"\n", "", StringComparison.Ordinal)
        .Replace("  redis_exporter:\n    redis_password: \"\"\n", "", StringComparison.Ordinal);

    [GeneratedRegex("\\{\\{ \\.Values\\.secrets\\.([\\w.]+) \\}\\}")]
    private static partial Regex SecretValue();

    [GeneratedRegex("^spec:\n", RegexOptions.Multiline)]
    private static partial Regex Spec();

    [GeneratedRegex("(^  template:\n    metadata:\n)(      labels:\n)", RegexOptions.Multiline)]
    private static partial Regex PodLabels();

    [GeneratedRegex("(\\w+_image): \"(\\w+):latest\"")]
    private static partial Regex OwnImage();
}
