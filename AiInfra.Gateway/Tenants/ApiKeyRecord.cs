using System.Text.Json;
using System.Text.Json.Serialization;

namespace AiInfra.Gateway.Tenants;

/// <summary>An issued key as Redis holds it: everything but the secret.</summary>
/// <param name="Id">Public id, unique.</param>
/// <param name="Account">What limits and usage are counted by: the id of the first key of this line of rotations.</param>
/// <param name="Hash">HMAC-SHA-256 of the secret under <c>Keys:Pepper</c>, base64.</param>
/// <param name="Tenant">The tenant it belongs to.</param>
/// <param name="User">The user within the tenant.</param>
/// <param name="Policy">What it may do.</param>
/// <param name="CreatedAt">When it was issued.</param>
/// <param name="ExpiresAt">From then on it is refused; null: never.</param>
/// <param name="RevokedAt">When it was revoked; null: it was not.</param>
internal sealed record ApiKeyRecord(
    string Id, string Account, string Hash, string Tenant, string User, string Policy,
    DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ApiKeyRecord))]
internal sealed partial class ApiKeyJson : JsonSerializerContext;
