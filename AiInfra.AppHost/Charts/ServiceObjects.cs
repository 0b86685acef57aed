using System.Globalization;
using System.Text.Json.Nodes;
using AiInfra.AppHost.Topology;

namespace AiInfra.AppHost.Charts;

/// <summary>What each service has beside its pods: an account without rights, a limit on disruption, a claim for its volume.</summary>
internal static class ServiceObjects
{
    // A class of storage is named only where the values name one: these two lines are replaced by a condition.
    private const string Shared = "shared-class";
    private const string Own = "own-class";

    public static string Accounts(Architecture architecture) => ChartObject.Write(architecture.Services.Select(service =>
    {
        var account = ChartObject.Create("v1", "ServiceAccount", service.Name, service.Name);
        account["automountServiceAccountToken"] = false;
        return account;
    }));

    /// <summary>One at a time, everywhere: a service with one instance must not stop a node from being drained.</summary>
    public static string DisruptionBudgets(Architecture architecture) => ChartObject.Write(architecture.Services.Select(service =>
        ChartObject.Create("policy/v1", "PodDisruptionBudget", service.Name, service.Name, new JsonObject
        {
            ["maxUnavailable"] = 1,
            ["selector"] = ChartObject.Selector(service.Name),
        })));

    /// <summary>Claims stay when the release is removed: data goes by a decision, not with a chart.</summary>
    public static string VolumeClaims(Architecture architecture)
    {
        var text = ChartObject.Write(architecture.Services.Where(HasClaim).Select(service => service.Volume!).DistinctBy(volume => volume.Name).Select(Claim));
        return text
            .Replace($"  storageClassName: {Shared}\n", Optional(".Values.storage.sharedClassName"), StringComparison.Ordinal)
            .Replace($"  storageClassName: {Own}\n", Optional(".Values.storage.className"), StringComparison.Ordinal);
    }

    /// <summary>True when the service's volume is claimed; a gateway's journal lives as long as its pod.</summary>
    public static bool HasClaim(ServiceShape service) => service.Volume is not null && service.Name != Architecture.Gateway;

    /// <summary>A name that stands for every pod of the gateway, for whoever needs each of them: its Service stands for any of them.</summary>
    public static string GatewayPods() => ChartObject.Write([ChartObject.Create("v1", "Service", "gateway-pods", "gateway-pods", new JsonObject
    {
        ["clusterIP"] = "None",
        ["selector"] = ChartObject.Selector(Architecture.Gateway)["matchLabels"]!.DeepClone(),
        ["ports"] = new JsonArray(new JsonObject { ["name"] = "internal", ["port"] = 8081, ["targetPort"] = 8081, ["protocol"] = "TCP" }),
    })]);

    private static JsonObject Claim(DataVolume volume)
    {
        var claim = ChartObject.Create("v1", "PersistentVolumeClaim", volume.Name, component: null, new JsonObject
        {
            ["accessModes"] = new JsonArray(volume.IsShared ? "ReadWriteMany" : "ReadWriteOnce"),
            ["storageClassName"] = volume.IsShared ? Shared : Own,
            ["resources"] = new JsonObject
            {
                ["requests"] = new JsonObject { ["storage"] = string.Create(CultureInfo.InvariantCulture, $"{volume.Gigabytes}Gi") },
            },
        });
        claim["metadata"]!["annotations"] = new JsonObject { ["helm.sh/resource-policy"] = "keep" };
        return claim;
    }

    private static string Optional(string value) => $"  {{{{- with {value} }}}}\n  storageClassName: {{{{ . | quote }}}}\n  {{{{- end }}}}\n";
}
