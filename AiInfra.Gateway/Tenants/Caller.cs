namespace AiInfra.Gateway.Tenants;

/// <summary>Who calls: the identity that an API key or a token stands for, and what it grants beyond the ordinary.</summary>
/// <param name="KeyId">The key's public id, or the token's subject; it may be logged, and limits per key are counted by it.</param>
/// <param name="Tenant">The team whose data and budget this is.</param>
/// <param name="User">The person or application within the tenant.</param>
/// <param name="Policy">What the caller may do, by the policy's name; null: nothing.</param>
internal sealed record Caller(string KeyId, string Tenant, string User, string? Policy = Policies.PolicySet.Default)
{
    /// <summary>The scopes of service tokens, separated by blanks.</summary>
    public string MemoryScopes { get; init; } = "";

    /// <summary>The memory domains that may be used, separated by blanks; null: every one.</summary>
    public string? MemoryDomains { get; init; }

    /// <summary>True when engine-internal request fields pass (<c>priority</c>, <c>kv_transfer_params</c>, <c>vllm_xargs</c>, …).</summary>
    public bool MayUseEngineFields { get; init; }

    /// <summary>True when the response header <c>x-aiinfra-route</c> is given on request.</summary>
    public bool MaySeeRoute { get; init; }

    /// <summary>Which of the waiting requests go first: higher before lower.</summary>
    public int Priority { get; init; }

    /// <summary>The tenant's cache salt; null where the cache is shared.</summary>
    public CacheSalt? Salt { get; init; }
}
