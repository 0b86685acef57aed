using System.Text;
using System.Text.Json.Nodes;
using AiInfra.AppHost.Monitoring;
using AiInfra.AppHost.Topology;

namespace AiInfra.AppHost.Charts;

/// <summary>The monitoring stack's files as ConfigMaps. The files themselves lie in the chart: braces in them are theirs, not Helm's.</summary>
internal static class MonitoringFileObjects
{
    public const string Folder = "files/monitoring";

    public static string Write(Architecture architecture, IEnumerable<string> files)
    {
        var paths = files.Order(StringComparer.Ordinal).ToList();
        return string.Join("---\n", architecture.Services
            .SelectMany(service => service.Configuration.Select(folder => (service, folder)))
            .Select(one => Map(one.service, one.folder, paths)));
    }

    /// <summary>Name of the map that holds a folder.</summary>
    public static string NameOf(ConfigurationFolder folder) => $"{folder.Source.Replace('/', '-')}-files";

    /// <summary>A file's key in its map, which knows no folders.</summary>
    public static string KeyOf(ConfigurationFolder folder, string file) => file[(folder.Source.Length + 1)..].Replace("/", "__", StringComparison.Ordinal);

    public static IEnumerable<string> FilesOf(ConfigurationFolder folder, IEnumerable<string> files) =>
        files.Where(file => file.StartsWith($"{folder.Source}/", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    private static string Map(ServiceShape service, ConfigurationFolder folder, List<string> files)
    {
        var text = new StringBuilder(YamlText.Write(ChartObject.Create("v1", "ConfigMap", NameOf(folder), service.Name)));
        text.Append("data:\n");
        foreach (var file in FilesOf(folder, files))
        {
            text.Append($"  {KeyOf(folder, file)}: |-\n{{{{ .Files.Get \"{Folder}/{file}\" | indent 4 }}}}\n");
        }

        return text.ToString();
    }
}
