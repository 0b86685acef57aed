using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Tenants;

/// <summary>Hashes keys under the pepper: who steals the hashes can neither search them nor make one.</summary>
internal sealed class KeyHasher : IDisposable
{
    public const int MaxKeyLength = 256;

    // One a thread, keyed once: setting up a keyed hash costs more than hashing a key.
    private readonly ThreadLocal<IncrementalHash> _hash;

    public KeyHasher(IOptions<KeyOptions> options)
    {
        IsLasting = !string.IsNullOrEmpty(options.Value.Pepper);
        var pepper = IsLasting ? Convert.FromBase64String(options.Value.Pepper!) : RandomNumberGenerator.GetBytes(32);
        _hash = new(() => IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, pepper));
    }

    /// <summary>True when other gateways, and this one after a restart, come to the same hashes.</summary>
    public bool IsLasting { get; }

    /// <summary>Writes the hash of a key of at most <see cref="MaxKeyLength"/> characters to <paramref name="hash"/> (32 bytes).</summary>
    public void Hash(ReadOnlySpan<char> key, Span<byte> hash)
    {
        Span<byte> bytes = stackalloc byte[MaxKeyLength * 3];
        var length = Encoding.UTF8.GetBytes(key, bytes);
        var own = _hash.Value!;
        own.AppendData(bytes[..length]);
        own.GetHashAndReset(hash);
        bytes[..length].Clear();
    }

    public byte[] Hash(ReadOnlySpan<char> key)
    {
        var hash = new byte[HMACSHA256.HashSizeInBytes];
        Hash(key, hash);
        return hash;
    }

    public void Dispose() => _hash.Dispose();
}
