namespace AiInfra.Gateway.Tokens;

/// <summary>The key of the platform's service tokens: section <c>Tokens</c>.</summary>
public sealed class TokenOptions
{
    public const string Section = "Tokens";

    /// <summary>
    /// Private key that signs service tokens: PKCS#8, elliptic curve P-256, in base64. From a secret; the same on every gateway.
    /// Required where the memory service is configured.
    /// </summary>
    public string? SigningKey { get; set; }
}
