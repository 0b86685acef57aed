using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.Tokens;

namespace AiInfra.Tests.Identity;

/// <summary>Tokens that somebody would like to be let in with.</summary>
internal static class TokenAttacks
{
    /// <summary>By what is wrong with them, all made from a good token of the authority.</summary>
    public static Dictionary<string, string> On(OidcAuthority authority)
    {
        var good = authority.Token();
        var parts = good.Split('.');
        var publicKey = authority.Key.ExportSubjectPublicKeyInfoPem();
        return new Dictionary<string, string>
        {
            ["expired"] = authority.Token(token => token.Expires = DateTime.UtcNow.AddMinutes(-2)),
            ["without end"] = authority.Token(token => token.Expires = null),
            ["not yet valid"] = authority.Token(token => token.NotBefore = DateTime.UtcNow.AddMinutes(4)),
            ["alg none"] = $"{Base64UrlEncoder.Encode("""{"alg":"none","typ":"JWT"}""")}.{parts[1]}.",
            ["alg none with a signature"] = $"{Base64UrlEncoder.Encode("""{"alg":"none","typ":"JWT","kid":"k1"}""")}.{parts[1]}.{parts[2]}",
            ["signed with the public key as a shared secret"] = authority.Token(token => token.SigningCredentials =
                new SigningCredentials(new SymmetricSecurityKey(Encoding.UTF8.GetBytes(publicKey)) { KeyId = "k1" }, SecurityAlgorithms.HmacSha256)),
            ["signed by a stranger under the key's id"] = authority.Token(token => token.SigningCredentials = Stranger("k1")),
            ["foreign kid"] = authority.Token(token => token.SigningCredentials = Stranger("../../k2")),
            ["foreign jku and x5u"] = authority.Token(token =>
            {
                token.SigningCredentials = Stranger("k9");
                token.AdditionalHeaderClaims = new Dictionary<string, object> { ["jku"] = $"{authority.Address}/foreign", ["x5u"] = $"{authority.Address}/foreign" };
            }),
            ["wrong issuer"] = authority.Token(token => token.Issuer = "http://127.0.0.1:1"),
            ["wrong audience"] = authority.Token(token => token.Audience = "memory"),
            ["tampered"] = $"{parts[0]}.{Base64UrlEncoder.Encode(Base64UrlEncoder.Decode(parts[1]).Replace("team-a", "team-b", StringComparison.Ordinal))}.{parts[2]}",
            ["without signature"] = $"{parts[0]}.{parts[1]}.",
            ["no tenant"] = authority.Token(token => token.Claims!.Remove("tenant")),
            ["a tenant that climbs"] = authority.Token(token => token.Claims!["tenant"] = "../team-b"),
        };
    }

    private static SigningCredentials Stranger(string keyId) =>
        new(new RsaSecurityKey(RSA.Create(2048)) { KeyId = keyId }, SecurityAlgorithms.RsaSha256);
}
