using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using AiInfra.Gateway.Usage;

namespace AiInfra.Gateway.Policies;

/// <summary>Asks for a new key.</summary>
/// <param name="Tenant">Letters, digits, <c>-</c>, <c>.</c> and <c>_</c>, at most 64.</param>
/// <param name="User">Default: the key's id.</param>
/// <param name="Policy">Default <c>default</c>.</param>
/// <param name="ExpiresAt">Default: never.</param>
internal sealed record CreateKeyRequest([Required] string Tenant, string? User, string? Policy, DateTimeOffset? ExpiresAt);

/// <summary>Asks for a successor of a key.</summary>
/// <param name="OverlapSeconds">How long the old key goes on, 0 to 30 days. Default one hour.</param>
internal sealed record RotateKeyRequest(int? OverlapSeconds);

/// <summary>A key without its secret and its hash.</summary>
internal sealed record KeyResponse(
    string Id, string Account, string Tenant, string User, string Policy, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt);

/// <summary>A new key; its secret is shown this once.</summary>
internal sealed record CreatedKeyResponse(string Key, KeyResponse Details);

internal sealed record KeyListResponse(IReadOnlyList<KeyResponse> Keys);

/// <summary>A tenant, as its keys show it.</summary>
internal sealed record TenantResponse(string Tenant, int Keys, IReadOnlyList<string> Users);

internal sealed record TenantListResponse(IReadOnlyList<TenantResponse> Tenants);

/// <summary>What a policy decides, and by which rule.</summary>
internal sealed record ExplainResponse(string Caller, string Tenant, string? Policy, string Action, bool Allowed, string Rule, string Reason, IReadOnlyList<LimitSetOptions> Limits);

internal sealed record UsageResponse(IReadOnlyList<UsageRow> Usage);

internal sealed record AuditResponse(IReadOnlyList<AuditEntry> Entries);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(AccessOptions))]
[JsonSerializable(typeof(CreateKeyRequest))]
[JsonSerializable(typeof(RotateKeyRequest))]
[JsonSerializable(typeof(CreatedKeyResponse))]
[JsonSerializable(typeof(KeyListResponse))]
[JsonSerializable(typeof(TenantListResponse))]
[JsonSerializable(typeof(ExplainResponse))]
[JsonSerializable(typeof(UsageResponse))]
[JsonSerializable(typeof(AuditResponse))]
[JsonSerializable(typeof(AuditEntry))]
internal sealed partial class AccessAdminJson : JsonSerializerContext;
