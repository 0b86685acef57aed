namespace AiInfra.Gateway.Tenants;

/// <summary>One API key: section <c>Gateway:Keys:n</c>.</summary>
public sealed class ApiKeyOptions
{
    /// <summary>Public id of the key, unique; it appears in logs and usage.</summary>
    public string Id { get; set; } = "";

    /// <summary>The secret, beginning with <c>sk-</c>, at least 20 characters. Hashed at start, never logged.</summary>
    public string Key { get; set; } = "";

    /// <summary>The tenant that the key belongs to. Default <c>default</c>.</summary>
    public string Tenant { get; set; } = "default";

    /// <summary>The user within the tenant. Default: the key's id.</summary>
    public string? User { get; set; }

    /// <summary>Lets engine-internal request fields pass (<c>priority</c>, <c>kv_transfer_params</c>, <c>vllm_xargs</c>, …). Default false: they are removed.</summary>
    public bool AllowEngineFields { get; set; }

    /// <summary>Answers the request header <c>x-aiinfra-route</c> with the route taken and its cost. Default false.</summary>
    public bool AllowRouteReceipt { get; set; }

    /// <summary>Order among waiting requests, -100 to 100, higher first. Default 0.</summary>
    public int Priority { get; set; }

    /// <summary>The policy in <c>Access:Policies</c> that says what the key may do. Default <c>default</c>.</summary>
    public string Policy { get; set; } = Policies.PolicySet.Default;
}
