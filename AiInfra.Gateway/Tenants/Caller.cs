namespace AiInfra.Gateway.Tenants;

/// <summary>Who calls: the identity that an API key stands for.</summary>
/// <param name="KeyId">The key's public id; it may be logged.</param>
/// <param name="Tenant">The team whose data and budget this is.</param>
/// <param name="User">The person or application within the tenant.</param>
internal sealed record Caller(string KeyId, string Tenant, string User);
