namespace AiInfra.Gateway.Tenants;

/// <summary>Who calls: the identity that an API key or a token stands for.</summary>
/// <param name="KeyId">The key's public id, or the token's subject; it may be logged, and limits per key are counted by it.</param>
/// <param name="Tenant">The team whose data and budget this is.</param>
/// <param name="User">The person or application within the tenant.</param>
/// <param name="Policy">What the caller may do, by the policy's name; null: nothing.</param>
internal sealed record Caller(string KeyId, string Tenant, string User, string? Policy = Policies.PolicySet.Default)
{
    /// <summary>The scopes of service tokens, separated by blanks.</summary>
    public string MemoryScopes { get; init; } = "";
}
