using System.Collections.Concurrent;
using System.Text.Json;

namespace AiInfra.Gateway.Replicas;

/// <summary>One model server: where it is, and what is known of it at the moment.</summary>
internal sealed class Replica(Uri address)
{
    private readonly ConcurrentDictionary<string, Uri> _urls = new(StringComparer.Ordinal);
    private int _inFlight;
    private volatile IReadOnlyDictionary<string, JsonElement> _cards = new Dictionary<string, JsonElement>();

    public Uri Address { get; } = address;

    /// <summary>Host and port: how operators and logs name it.</summary>
    public string Id { get; } = address.Authority;

    /// <summary>Scheme, host and port without a trailing slash.</summary>
    public string Prefix { get; } = address.GetLeftPart(UriPartial.Authority);

    /// <summary>Requests that this gateway has open on the replica.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>What its <c>/v1/models</c> says of each model it serves, by served name.</summary>
    public IReadOnlyDictionary<string, JsonElement> Cards => _cards;

    public Uri UrlOf(string path) => _urls.GetOrAdd(path, static (path, prefix) => new Uri(prefix + path), Prefix);

    public void Begin() => Interlocked.Increment(ref _inFlight);

    public void End() => Interlocked.Decrement(ref _inFlight);

    public void SetCards(IReadOnlyDictionary<string, JsonElement> cards) => _cards = cards;
}
