using System.Text.Json.Serialization;

namespace AiInfra.Gateway.Tokens;

/// <summary>Who acts (RFC 8693, section 4.1).</summary>
internal sealed record ActorClaim([property: JsonPropertyName("sub")] string Subject);

[JsonSerializable(typeof(ActorClaim))]
internal sealed partial class TokenJson : JsonSerializerContext;
