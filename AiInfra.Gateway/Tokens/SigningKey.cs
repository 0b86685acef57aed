using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;

namespace AiInfra.Gateway.Tokens;

/// <summary>Reads the signing key of service tokens.</summary>
internal static class SigningKey
{
    /// <exception cref="FormatException">Not base64.</exception>
    /// <exception cref="CryptographicException">Not a PKCS#8 private key on P-256.</exception>
    public static ECDsa Import(string base64)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportPkcs8PrivateKey(Convert.FromBase64String(base64), out _);
            return key.KeySize == 256 ? key : throw new CryptographicException("The key is not on the curve P-256.");
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <summary>The public half as a JSON web key; its id is its thumbprint (RFC 7638), so a new key has a new id.</summary>
    public static JsonWebKey PublicPartOf(ECDsa key)
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        var jwk = new JsonWebKey
        {
            Kty = JsonWebAlgorithmsKeyTypes.EllipticCurve,
            Crv = JsonWebKeyECTypes.P256,
            X = Base64UrlEncoder.Encode(point.X),
            Y = Base64UrlEncoder.Encode(point.Y),
            Use = JsonWebKeyUseNames.Sig,
            Alg = SecurityAlgorithms.EcdsaSha256,
        };
        jwk.KeyId = Base64UrlEncoder.Encode(jwk.ComputeJwkThumbprint());
        return jwk;
    }
}
