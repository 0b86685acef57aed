using System.Collections.Concurrent;
using System.Security.Cryptography;
using AiInfra.Gateway.Tenants;
using AiInfra.ServiceDefaults.ServiceTokens;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace AiInfra.Gateway.Tokens;

/// <summary>Signs the tokens with which the gateway calls other services on a caller's behalf (ES256, 60 seconds, one audience).</summary>
internal sealed class ServiceTokenIssuer : IDisposable
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RenewBefore = TimeSpan.FromSeconds(15);
    private const int MaxCached = 4096;

    private readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false };
    private readonly ConcurrentDictionary<(Caller Caller, string Audience), IssuedToken> _issued = new();
    private readonly TimeProvider _time;
    private readonly ECDsa? _key;
    private readonly SigningCredentials? _credentials;

    public ServiceTokenIssuer(IOptions<TokenOptions> options, TimeProvider time)
    {
        _time = time;
        if (options.Value.SigningKey is { Length: > 0 } encoded)
        {
            _key = SigningKey.Import(encoded);
            PublicKey = SigningKey.PublicPartOf(_key);
            _credentials = new SigningCredentials(new ECDsaSecurityKey(_key) { KeyId = PublicKey.KeyId }, SecurityAlgorithms.EcdsaSha256);
        }
    }

    /// <summary>The key that verifies the tokens, or null when none is configured.</summary>
    public JsonWebKey? PublicKey { get; }

    /// <summary>A token for <paramref name="audience"/> that is good for 15 more seconds at least.</summary>
    /// <exception cref="InvalidOperationException">No signing key is configured.</exception>
    public string TokenFor(Caller caller, string audience)
    {
        var now = _time.GetUtcNow();
        if (_issued.TryGetValue((caller, audience), out var issued) && issued.RenewAt > now)
        {
            return issued.Token;
        }

        if (_issued.Count >= MaxCached)
        {
            _issued.Clear();
        }

        issued = new IssuedToken(Sign(caller, audience, now), now + Lifetime - RenewBefore);
        _issued[(caller, audience)] = issued;
        return issued.Token;
    }

    public void Dispose() => _key?.Dispose();

    private string Sign(Caller caller, string audience, DateTimeOffset now) => _handler.CreateToken(new SecurityTokenDescriptor
    {
        Issuer = ServiceTokenClaims.Issuer,
        Audience = audience,
        TokenType = "at+jwt",
        IssuedAt = now.UtcDateTime,
        NotBefore = now.UtcDateTime,
        Expires = (now + Lifetime).UtcDateTime,
        SigningCredentials = _credentials ?? throw new InvalidOperationException("Tokens:SigningKey is not set: there is nothing to sign service tokens with."),
        Claims = new Dictionary<string, object>
        {
            [ServiceTokenClaims.Subject] = caller.KeyId,
            [ServiceTokenClaims.Tenant] = caller.Tenant,
            [ServiceTokenClaims.User] = caller.User,
            [ServiceTokenClaims.Client] = "gateway",
            [ServiceTokenClaims.Scope] = caller.MemoryScopes,
        },
    });

    private sealed record IssuedToken(string Token, DateTimeOffset RenewAt);
}
