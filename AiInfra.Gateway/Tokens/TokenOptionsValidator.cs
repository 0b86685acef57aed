using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Tokens;

internal sealed class TokenOptionsValidator(IConfiguration configuration) : IValidateOptions<TokenOptions>
{
    public ValidateOptionsResult Validate(string? name, TokenOptions options)
    {
        if (string.IsNullOrEmpty(options.SigningKey))
        {
            return configuration.GetSection("services:memory").Exists()
                ? ValidateOptionsResult.Fail("Tokens:SigningKey is not set, but services:memory is: calls to the memory service are signed with it.")
                : ValidateOptionsResult.Success;
        }

        try
        {
            using var key = SigningKey.Import(options.SigningKey);
            return ValidateOptionsResult.Success;
        }
        catch (Exception problem) when (problem is FormatException or CryptographicException)
        {
            return ValidateOptionsResult.Fail("Tokens:SigningKey must be a PKCS#8 private key on the curve P-256, in base64.");
        }
    }
}
