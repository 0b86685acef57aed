using System.Globalization;
using System.Text;
using AiInfra.AppHost.Monitoring;
using AiInfra.AppHost.Planning;
using AiInfra.AppHost.Topology;

namespace AiInfra.AppHost.Documents;

/// <summary>Writes <c>docs/resource-allocation-matrix.md</c>'s tables from the topology and the planner.</summary>
internal static class ResourceMatrix
{
    public static IReadOnlyDictionary<string, string> Blocks()
    {
        var blocks = ReferenceSite.All.ToDictionary(site => site.Id, Site);
        blocks["thresholds"] = Thresholds();
        return blocks;
    }

    private static string Site(ReferenceSite site)
    {
        var plan = site.Make();
        var architecture = site.Describe(plan);
        var text = new StringBuilder("| Service | Instances | CPU limit, cores | Memory limit, MiB | GPUs each | Volume, GB | Networks | Calls | Priority |\n|---|---|---|---|---|---|---|---|---|\n");
        foreach (var service in architecture.Services)
        {
            var calls = architecture.Arrows.Where(arrow => arrow.From == service.Name)
                .Select(arrow => string.Create(CultureInfo.InvariantCulture, $"{arrow.To}:{arrow.Port}"));
            text.Append(CultureInfo.InvariantCulture,
                $"| {service.Name} | {service.Replicas} | {service.Cores:0.##} | {service.Megabytes} | {service.Gpus} | {service.Volume?.Gigabytes ?? 0} | {Names(architecture.NetworksOf(service.Name))} | {string.Join(", ", calls)} | {Priority(service)} |\n");
        }

        text.Append(CultureInfo.InvariantCulture,
            $"| **sum** | | {architecture.Services.Sum(one => one.Cores * one.Replicas):0.##} | {architecture.Services.Sum(one => one.Megabytes * one.Replicas)} | {architecture.Services.Sum(one => one.Gpus * one.Replicas)} | {architecture.Services.Sum(Disk)} | | | |\n");
        return plan is null ? text.ToString() : $"{text}\n{PlanTables(site, plan)}";
    }

    private static string PlanTables(ReferenceSite site, Plan plan)
    {
        var report = PlanReporter.Of(plan);
        var text = new StringBuilder($"`plan {string.Join(' ', site.Plan!)}` says:\n");
        foreach (var section in PlanSections.Of(report).Where(section => section.Title is not "Assumptions"))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n**{section.Title}**\n\n| | |\n|---|---|\n");
            foreach (var (name, value) in section.Lines)
            {
                text.Append(CultureInfo.InvariantCulture, $"| {name} | {value.Replace("|", "\\|", StringComparison.Ordinal)} |\n");
            }
        }

        return text.ToString();
    }

    // What an operator is told of by an alert, in its rule's own figures.
    private static string Thresholds()
    {
        string[] names = ["HostCpuHigh", "HostMemoryHigh", "HostDiskFull", "GpuBusy", "GatewaySlow", "MemorySlow", "ErrorRateHigh", "KvCacheFull", "QueueGrowing"];
        var alerts = RuleFiles.Alerts.Values.SelectMany(group => group).ToList();
        var text = new StringBuilder("| Alert | Condition | Held for |\n|---|---|---|\n");
        foreach (var alert in names.Select(name => alerts.Single(alert => alert.Name == name)))
        {
            var condition = string.Join("` and `", alert.Conditions.Select(one => string.Join(' ', one.Expression.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries))));
            text.Append(CultureInfo.InvariantCulture, $"| [{alert.Name}](runbook.md#{alert.Name.ToLowerInvariant()}) | `{condition.Replace("|", "\\|", StringComparison.Ordinal)}` | {YamlText.Duration(alert.For)} |\n");
        }

        return text.ToString();
    }

    private static int Disk(ServiceShape service) =>
        service.Volume is { } volume ? volume.Gigabytes * (volume.IsShared ? 1 : service.Replicas) : 0;

    /// <summary>1: without it nobody is served; 2: a part of the answers; 3: an index or what watches.</summary>
    private static int Priority(ServiceShape service) => service switch
    {
        { Zone: Zone.Edge } or { Name: Architecture.Redis } => 1,
        { Pool: not null } or { Name: Architecture.Memory } => 2,
        _ => 3,
    };

    private static string Names(IReadOnlyList<Zone> zones) => string.Join(", ", zones.Select(zone => zone.ToString().ToLowerInvariant()));
}
