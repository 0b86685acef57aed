using System.Globalization;
using System.Text;
using AiInfra.AppHost.Topology;

namespace AiInfra.AppHost.Documents;

/// <summary>Draws the topology as Mermaid: who calls whom, over which network, and where trust ends.</summary>
internal static class ArchitectureDiagrams
{
    private static readonly (Zone Zone, string Title)[] Zones =
    [
        (Zone.Edge, "edge: callers arrive here"), (Zone.Services, "services: what works"), (Zone.Data, "data: what is kept, no way out"),
    ];

    public static IReadOnlyDictionary<string, string> Blocks()
    {
        var architecture = new Architecture([new ModelServer("vllm", "vllm", 2, 1, "")]);
        return new Dictionary<string, string> { ["diagram"] = Diagram(architecture), ["arrows"] = Arrows(architecture) };
    }

    private static string Diagram(Architecture architecture)
    {
        var text = new StringBuilder("```mermaid\nflowchart LR\n");
        text.Append(CultureInfo.InvariantCulture, $"    {Architecture.Outside}([callers]):::untrusted\n    {Architecture.Internet}([public hosts]):::untrusted\n");
        foreach (var (zone, title) in Zones)
        {
            text.Append(CultureInfo.InvariantCulture, $"    subgraph {zone.ToString().ToLowerInvariant()}[\"{title}\"]\n");
            foreach (var service in architecture.Services.Where(service => service.Zone == zone))
            {
                var shape = service.Volume is null ? $"[{service.Name}]" : $"[({service.Name})]";
                text.Append(CultureInfo.InvariantCulture, $"        {Id(service.Name)}{shape}\n");
            }

            text.Append("    end\n");
        }

        foreach (var arrow in architecture.Arrows)
        {
            text.Append(CultureInfo.InvariantCulture, $"    {Id(arrow.From)} -->|\"{arrow.Why} :{arrow.Port}\"| {Id(arrow.To)}\n");
        }

        return text.Append("    classDef untrusted stroke-dasharray: 4 4\n```").ToString();
    }

    private static string Arrows(Architecture architecture)
    {
        var text = new StringBuilder("| From | To | Port | What flows | Crosses |\n|---|---|---|---|---|\n");
        foreach (var arrow in architecture.Arrows)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {arrow.From} | {arrow.To} | {arrow.Port} | {arrow.Why} | {Crossing(architecture, arrow)} |\n");
        }

        return text.ToString();
    }

    private static string Crossing(Architecture architecture, Arrow arrow)
    {
        if (arrow.From == Architecture.Outside || arrow.To == Architecture.Internet)
        {
            return "the platform's boundary";
        }

        var (from, to) = (architecture[arrow.From].Zone, architecture[arrow.To].Zone);
        return from == to ? "" : $"{from.ToString().ToLowerInvariant()} to {to.ToString().ToLowerInvariant()}";
    }

    // A hyphen ends an id in Mermaid's grammar.
    private static string Id(string name) => name.Replace('-', '_');
}
