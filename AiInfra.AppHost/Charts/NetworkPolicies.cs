using System.Text.Json.Nodes;
using AiInfra.AppHost.Topology;

namespace AiInfra.AppHost.Charts;

/// <summary>Nothing may connect to anything, then one opening an arrow: its way out of the caller, and its way into the called.</summary>
internal static class NetworkPolicies
{
    // Private ranges and the cloud's metadata address: a pod that may fetch models from the internet may not look around inside.
    private static readonly string[] Inside = ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"];

    public static string Write(Architecture architecture) =>
        ChartObject.Write([Deny(), Names()])
        + string.Concat(architecture.Arrows.Where(arrow => arrow.To != Architecture.Internet).Select(arrow => "---\n" + ChartObject.Write(Open(arrow))))
        + string.Concat(architecture.Arrows.Where(arrow => arrow.To == Architecture.Internet)
            .Select(arrow => ChartObject.When(".Values.egress.models", "---\n" + ChartObject.Write([Internet(arrow)]))))
        + ChartObject.When(".Values.serviceMonitors.enabled", "---\n" + ChartObject.Write(architecture.Arrows
            .Where(arrow => arrow.From == Architecture.Prometheus && arrow.Why == "metrics").Select(Scraped)));

    private static JsonObject Deny() => Policy("deny-all", ChartObject.Selector(), "Ingress", "Egress");

    private static JsonObject Names()
    {
        var policy = Policy("resolve-names", ChartObject.Selector(), "Egress");
        policy["spec"]!["egress"] = new JsonArray(new JsonObject
        {
            ["to"] = new JsonArray(new JsonObject
            {
                ["namespaceSelector"] = Namespace("kube-system"),
                ["podSelector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["k8s-app"] = "kube-dns" } },
            }),
            ["ports"] = new JsonArray(Port(53, "UDP"), Port(53)),
        });
        return policy;
    }

    private static IEnumerable<JsonObject> Open(Arrow arrow)
    {
        if (arrow.From == Architecture.Outside)
        {
            yield return Into(arrow, $"{arrow.From}-to-{arrow.To}", new JsonObject { ["namespaceSelector"] = Namespace("{{ .Values.ingress.namespace }}") });
            yield break;
        }

        var outwards = Policy($"{arrow.From}-to-{arrow.To}-out", ChartObject.Selector(arrow.From), "Egress");
        outwards["spec"]!["egress"] = new JsonArray(new JsonObject
        {
            ["to"] = new JsonArray(new JsonObject { ["podSelector"] = ChartObject.Selector(arrow.To) }),
            ["ports"] = new JsonArray(Port(arrow.Port)),
        });
        yield return outwards;
        yield return Into(arrow, $"{arrow.From}-to-{arrow.To}-in", new JsonObject { ["podSelector"] = ChartObject.Selector(arrow.From) });
    }

    private static JsonObject Internet(Arrow arrow)
    {
        var policy = Policy($"{arrow.From}-to-{arrow.To}", ChartObject.Selector(arrow.From), "Egress");
        policy["spec"]!["egress"] = new JsonArray(new JsonObject
        {
            ["to"] = new JsonArray(new JsonObject
            {
                ["ipBlock"] = new JsonObject { ["cidr"] = "0.0.0.0/0", ["except"] = new JsonArray([.. Inside.Select(range => JsonValue.Create(range))]) },
            }),
            ["ports"] = new JsonArray(Port(arrow.Port)),
        });
        return policy;
    }

    // A Prometheus of the cluster's own takes the way of ours.
    private static JsonObject Scraped(Arrow arrow) => Into(
        arrow, $"monitoring-to-{arrow.To}", new JsonObject { ["namespaceSelector"] = Namespace("{{ .Values.serviceMonitors.namespace }}") });

    private static JsonObject Into(Arrow arrow, string name, JsonObject from)
    {
        var policy = Policy(name, ChartObject.Selector(arrow.To), "Ingress");
        policy["spec"]!["ingress"] = new JsonArray(new JsonObject
        {
            ["from"] = new JsonArray(from),
            ["ports"] = new JsonArray(Port(arrow.Port)),
        });
        return policy;
    }

    private static JsonObject Policy(string name, JsonObject pods, params string[] types) => ChartObject.Create(
        "networking.k8s.io/v1", "NetworkPolicy", name, component: null,
        new JsonObject { ["podSelector"] = pods, ["policyTypes"] = new JsonArray([.. types.Select(type => JsonValue.Create(type))]) });

    private static JsonObject Namespace(string name) => new() { ["matchLabels"] = new JsonObject { ["kubernetes.io/metadata.name"] = name } };

    private static JsonObject Port(int port, string protocol = "TCP") => new() { ["protocol"] = protocol, ["port"] = port };
}
