using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Tenants;

/// <summary>How API keys are kept: section <c>Keys</c>.</summary>
public sealed class KeyOptions
{
    public const string Section = "Keys";

    /// <summary>
    /// The secret under which keys are hashed, base64 of at least 32 bytes, the same on every gateway. Without it keys cannot be issued,
    /// and configured keys are hashed under a secret drawn at each start.
    /// </summary>
    public string? Pepper { get; set; }
}

/// <summary>Says what is wrong with the pepper without showing it.</summary>
internal sealed class KeyOptionsValidator : IValidateOptions<KeyOptions>
{
    public ValidateOptionsResult Validate(string? name, KeyOptions options)
    {
        if (string.IsNullOrEmpty(options.Pepper))
        {
            return ValidateOptionsResult.Success;
        }

        var bytes = new byte[options.Pepper.Length];
        return Convert.TryFromBase64String(options.Pepper, bytes, out var count) && count >= 32
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail("Keys:Pepper must be base64 of at least 32 random bytes.");
    }
}
