using System.Text.Encodings.Web;
using System.Text.Json;
using AiInfra.Gateway.Replicas;

namespace AiInfra.Gateway.Models;

/// <summary>Where the requests for one public name go. Immutable: a request keeps the route it began with.</summary>
internal sealed class ModelRoute(string publicName, ModelOptions options, ReplicaPool pool)
{
    /// <summary>The name or alias that callers use.</summary>
    public string PublicName { get; } = publicName;

    public ReplicaPool Pool { get; } = pool;

    public string ServedName { get; } = options.ServedName ?? options.Name;

    /// <summary>The served name as a JSON string, quotes included, when the caller's name must be replaced by it; else null.</summary>
    public byte[]? ReplacedName { get; } = (options.ServedName ?? options.Name) is var served && served == publicName
        ? null
        : [(byte)'"', .. JsonEncodedText.Encode(served, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes, (byte)'"'];

    /// <summary>The whole header value (<c>Bearer …</c>) for the replicas, or null.</summary>
    public string? Authorization { get; } = string.IsNullOrEmpty(options.ApiKey) ? null : $"Bearer {options.ApiKey}";
}
