using AiInfra.Gateway.Tenants;

namespace AiInfra.Gateway.Models;

/// <summary>What the gateway serves and to whom: section <c>Gateway</c>. Changes are taken over while running.</summary>
public sealed class GatewayOptions
{
    public const string Section = "Gateway";

    /// <summary>The public models. At least one.</summary>
    public IList<ModelOptions> Models { get; } = [];

    /// <summary>The API keys. At least one: nothing is served without a key.</summary>
    public IList<ApiKeyOptions> Keys { get; } = [];

    /// <summary>
    /// Lets tenants share the replicas' prefix cache. Default false: each tenant has its own, because an answer that comes sooner tells
    /// that somebody else has sent the same prompt.
    /// </summary>
    public bool ShareCacheBetweenTenants { get; set; }

    /// <summary>Hosts from which replicas may fetch media. Default: none, media are passed by value (<c>data:</c>).</summary>
    public IList<string> MediaHosts { get; } = [];
}
