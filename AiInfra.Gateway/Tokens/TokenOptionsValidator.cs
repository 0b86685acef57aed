using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Tokens;

/// <summary>Checks what attributes cannot: the keys, and that there is one where one is needed.</summary>
internal sealed class TokenOptionsValidator(IConfiguration configuration) : IValidateOptions<TokenOptions>
{
    private const int MinSecretLength = 32;

    public ValidateOptionsResult Validate(string? name, TokenOptions options)
    {
        if (string.IsNullOrEmpty(options.SigningKey))
        {
            return configuration.GetSection("services:memory").Exists()
                ? ValidateOptionsResult.Fail("Tokens:SigningKey is not set, but services:memory is: calls to the memory service are signed with it.")
                : options.Clients.Count > 0 || !string.IsNullOrEmpty(options.SecondKey)
                    ? ValidateOptionsResult.Fail("Tokens:SigningKey is not set, but Tokens:Clients or Tokens:SecondKey is: another gateway could not check the tokens.")
                    : ValidateOptionsResult.Success;
        }

        var problems = new[] { ("SigningKey", options.SigningKey), ("SecondKey", options.SecondKey) }
            .Where(key => !string.IsNullOrEmpty(key.Item2) && !IsKey(key.Item2))
            .Select(key => $"Tokens:{key.Item1} must be a PKCS#8 private key on the curve P-256, in base64.")
            .Concat(options.Clients.Index()
                .Where(client => client.Item.Id.Length == 0 || client.Item.Secret.Length < MinSecretLength || options.Clients.Count(other => other.Id == client.Item.Id) > 1)
                .Select(client => $"Tokens:Clients:{client.Index} must have an Id of its own and a Secret of at least {MinSecretLength} characters."))
            .ToList();
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private static bool IsKey(string text)
    {
        try
        {
            using var key = SigningKey.Import(text);
            return true;
        }
        catch (Exception problem) when (problem is FormatException or CryptographicException)
        {
            return false;
        }
    }
}
