using System.Security.Cryptography;
using System.Text;

namespace AiInfra.Gateway.Tenants;

/// <summary>
/// Keeps the tenants' prefix caches apart: a shared cache answers sooner when another tenant has sent the same prompt, which tells that
/// it did. The salt depends on the tenant alone, so every gateway and every restart gives the same one.
/// </summary>
internal sealed class CacheSalt(string tenant)
{
    private readonly byte[] _tenant = Encoding.UTF8.GetBytes(tenant);

    /// <summary>The field as the first of a JSON object, comma included.</summary>
    public ReadOnlyMemory<byte> FirstField { get; } = Encoding.ASCII.GetBytes($"\"cache_salt\":\"{Derive(tenant, default)}\",");

    /// <summary>The field as the only one of a JSON object.</summary>
    public ReadOnlyMemory<byte> OnlyField { get; } = Encoding.ASCII.GetBytes($"\"cache_salt\":\"{Derive(tenant, default)}\"");

    /// <summary>The tenant's salt combined with the caller's own, as a JSON string.</summary>
    /// <param name="own">The caller's value as it stands in the body.</param>
    public ReadOnlyMemory<byte> Combine(ReadOnlySpan<byte> own) => Encoding.ASCII.GetBytes($"\"{Derive(Encoding.UTF8.GetString(_tenant), own)}\"");

    private static string Derive(string tenant, ReadOnlySpan<byte> own)
    {
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(tenant.Length) + own.Length + 1];
        var length = Encoding.UTF8.GetBytes(tenant, bytes);
        own.CopyTo(bytes.AsSpan(length + 1));
        return Convert.ToHexStringLower(SHA256.HashData(bytes.AsSpan(0, length + 1 + own.Length)).AsSpan(0, 16));
    }
}
