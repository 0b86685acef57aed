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
}
