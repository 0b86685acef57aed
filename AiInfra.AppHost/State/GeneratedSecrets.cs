using System.Security.Cryptography;
using System.Text.Json;

namespace AiInfra.AppHost.State;

/// <summary>Secrets made on the first run and kept in one file that this user alone can read.</summary>
internal sealed class GeneratedSecrets(StateFolder state)
{
    private readonly Lock _lock = new();

    public string Path { get; } = state.FilePath("secrets.json");

    /// <summary>A key for callers: <c>sk-</c> and 256 random bits.</summary>
    public static string ApiKey() => $"sk-{Password()}";

    /// <summary>256 random bits as hexadecimal digits: no character that a connection string would have to escape.</summary>
    public static string Password() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    /// <summary>256 random bits in base64, for keyed hashes.</summary>
    public static string Pepper() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    /// <summary>A P-256 key for ES256 signatures, PKCS#8 in base64.</summary>
    public static string SigningKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Convert.ToBase64String(key.ExportPkcs8PrivateKey());
    }

    /// <summary>The kept value, or a new one that is kept before it is used.</summary>
    public string GetOrCreate(string name, Func<string> create)
    {
        lock (_lock)
        {
            var secrets = File.Exists(Path)
                ? JsonSerializer.Deserialize<SortedDictionary<string, string>>(File.ReadAllText(Path))!
                : [];
            if (!secrets.TryGetValue(name, out var value))
            {
                value = secrets[name] = create();
                PrivateFile.Write(Path, JsonSerializer.Serialize(secrets));
            }

            return value;
        }
    }
}
