using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using AiInfra.Gateway.Replicas;

namespace AiInfra.Gateway.Models;

/// <summary>Where the requests for one public name go. Immutable: a request keeps the route it began with.</summary>
/// <param name="publicName">The name, alias or adapter that callers ask for.</param>
/// <param name="servedName">The name that the replicas know it by.</param>
/// <param name="pool">The replicas.</param>
internal sealed class ModelRoute(string publicName, string servedName, ReplicaPool pool)
{
    public string PublicName { get; } = publicName;

    public ReplicaPool Pool { get; } = pool;

    public string ServedName { get; } = servedName;

    public ReadOnlyMemory<byte> ServedNameBytes { get; } = Encoding.UTF8.GetBytes(servedName);

    /// <summary>The served name as a JSON string, quotes included.</summary>
    public ReadOnlyMemory<byte> ServedNameJson { get; } =
        (byte[])[(byte)'"', .. JsonEncodedText.Encode(servedName, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes, (byte)'"'];

    /// <summary>True for an adapter: only the replicas that list it have it.</summary>
    public bool IsAdapter { get; init; }

    /// <summary>The public names that answer in its place, in this order.</summary>
    public IReadOnlyList<string> Fallbacks { get; init; } = [];
}
