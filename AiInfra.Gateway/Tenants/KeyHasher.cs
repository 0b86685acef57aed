using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Tenants;

/// <summary>Hashes keys under the pepper: who steals the hashes can neither search them nor make one.</summary>
internal sealed class KeyHasher(IOptions<KeyOptions> options)
{
    public const int MaxKeyLength = 256;

    private readonly byte[] _pepper = options.Value.Pepper is { Length: > 0 } pepper
        ? Convert.FromBase64String(pepper)
        : RandomNumberGenerator.GetBytes(32);

    /// <summary>True when other gateways, and this one after a restart, come to the same hashes.</summary>
    public bool IsLasting { get; } = !string.IsNullOrEmpty(options.Value.Pepper);

    /// <summary>Writes the hash of a key of at most <see cref="MaxKeyLength"/> characters to <paramref name="hash"/> (32 bytes).</summary>
    public void Hash(ReadOnlySpan<char> key, Span<byte> hash)
    {
        Span<byte> bytes = stackalloc byte[MaxKeyLength * 3];
        var length = Encoding.UTF8.GetBytes(key, bytes);
        HMACSHA256.HashData(_pepper, bytes[..length], hash);
        bytes.Clear();
    }

    public byte[] Hash(ReadOnlySpan<char> key)
    {
        var hash = new byte[HMACSHA256.HashSizeInBytes];
        Hash(key, hash);
        return hash;
    }
}
