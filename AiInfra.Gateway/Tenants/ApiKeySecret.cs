using System.Buffers.Text;
using System.Security.Cryptography;

namespace AiInfra.Gateway.Tenants;

/// <summary>Secrets of API keys: 256 random bits, which nobody guesses and nobody needs to slow-hash.</summary>
internal static class ApiKeySecret
{
    public const string Prefix = "sk-";

    public static string New() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>A short public id.</summary>
    public static string NewId() => $"key-{RandomNumberGenerator.GetHexString(10, lowercase: true)}";
}
