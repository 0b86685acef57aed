using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;

namespace AiInfra.Gateway.Tokens;

/// <summary>Reads the signing keys of service tokens.</summary>
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

    /// <summary>Signs with the key; its id is its thumbprint (RFC 7638), so a new key has a new id, the same on every gateway.</summary>
    public static SigningCredentials CredentialsOf(ECDsa key)
    {
        var security = new ECDsaSecurityKey(key);
        security.KeyId = Base64UrlEncoder.Encode(security.ComputeJwkThumbprint());
        return new SigningCredentials(security, SecurityAlgorithms.EcdsaSha256);
    }
}
