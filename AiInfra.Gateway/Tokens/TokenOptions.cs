using System.ComponentModel.DataAnnotations;

namespace AiInfra.Gateway.Tokens;

/// <summary>The platform's token service: section <c>Tokens</c>. A change of the keys takes effect while running.</summary>
public sealed class TokenOptions
{
    public const string Section = "Tokens";

    /// <summary>
    /// Private key that signs service tokens: PKCS#8, elliptic curve P-256, in base64. From a secret; the same on every gateway.
    /// Required where the memory service or a client is configured.
    /// </summary>
    public string? SigningKey { get; set; }

    /// <summary>
    /// A second active key, in the same form: published and accepted, but nothing is signed with it. Before a rotation it is the next
    /// key, after it the one before; so whichever key a gateway signs with, every service knows it.
    /// </summary>
    public string? SecondKey { get; set; }

    /// <summary>How long a token is good for, 10 seconds to 10 minutes. Default 60 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "00:10:00")]
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The services that may ask the token endpoint. Default: none.</summary>
    public IList<TokenClientOptions> Clients { get; } = [];
}

/// <summary>A service that gets tokens from the token endpoint: section <c>Tokens:Clients:n</c>.</summary>
public sealed class TokenClientOptions
{
    /// <summary>The service's own name, which is also the audience of tokens for it. Unique.</summary>
    public string Id { get; set; } = "";

    /// <summary>Its secret, at least 32 characters.</summary>
    public string Secret { get; set; } = "";

    /// <summary>The services that it may call. Default: none.</summary>
    public IList<string> Audiences { get; } = [];

    /// <summary>True lets it exchange a token that was issued for it, and so call others on the caller's behalf. Default false.</summary>
    public bool MayAct { get; set; }
}
