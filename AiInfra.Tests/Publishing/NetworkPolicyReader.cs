using k8s.Models;

namespace AiInfra.Tests.Publishing;

/// <summary>Works out which connections NetworkPolicies allow, as a network plug-in does: refused unless both ends allow it.</summary>
internal sealed class NetworkPolicyReader(IReadOnlyList<V1NetworkPolicy> policies)
{
    /// <summary>A pod, known by its labels; a namespace alone stands for whoever runs there.</summary>
    internal sealed record Peer(string Name, IReadOnlyDictionary<string, string> Labels, string Namespace = "release");

    public bool Allows(Peer from, Peer to, int port) => AllowsOut(from, to, port) && AllowsIn(from, to, port);

    public bool AllowsOut(Peer from, Peer to, int port)
    {
        var own = Of(from, "Egress").ToList();
        return own.Count == 0 || own.SelectMany(policy => policy.Spec.Egress ?? [])
            .Any(rule => HasPort(rule.Ports, port) && (rule.To ?? []).Any(peer => Matches(peer, to)));
    }

    public bool AllowsIn(Peer from, Peer to, int port)
    {
        var own = Of(to, "Ingress").ToList();
        return own.Count == 0 || own.SelectMany(policy => policy.Spec.Ingress ?? [])
            .Any(rule => HasPort(rule.Ports, port) && (rule.FromProperty ?? []).Any(peer => Matches(peer, from)));
    }

    private IEnumerable<V1NetworkPolicy> Of(Peer pod, string type) => pod.Namespace != "release" ? [] : policies.Where(policy =>
        policy.Spec.PolicyTypes.Contains(type) && Selects(policy.Spec.PodSelector, pod.Labels));

    private static bool Matches(V1NetworkPolicyPeer peer, Peer other)
    {
        if (peer.IpBlock is not null)
        {
            return other.Namespace == "internet";
        }

        var space = peer.NamespaceSelector is null
            ? other.Namespace == "release"
            : peer.NamespaceSelector.MatchLabels["kubernetes.io/metadata.name"] == other.Namespace;
        return space && (peer.PodSelector is null || Selects(peer.PodSelector, other.Labels));
    }

    private static bool Selects(V1LabelSelector selector, IReadOnlyDictionary<string, string> labels)
    {
        Assert.Null(selector.MatchExpressions);
        return (selector.MatchLabels ?? new Dictionary<string, string>()).All(label => labels.GetValueOrDefault(label.Key) == label.Value);
    }

    // A rule without ports would open all of them: none of ours is one.
    private static bool HasPort(IList<V1NetworkPolicyPort>? ports, int port) =>
        Assert.IsAssignableFrom<IList<V1NetworkPolicyPort>>(ports).Any(one => one.Port.Value == port.ToString(System.Globalization.CultureInfo.InvariantCulture));
}
