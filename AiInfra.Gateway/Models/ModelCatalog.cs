using System.Collections.Frozen;
using System.Text;
using AiInfra.Gateway.Replicas;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Models;

/// <summary>The public names and where each leads. A snapshot that is swapped whole when the configuration changes.</summary>
internal sealed class ModelCatalog : IDisposable
{
    private const int MaxNameLength = 256;

    private readonly ReplicaPools _pools;
    private readonly IDisposable? _changes;
    private volatile CatalogSnapshot _snapshot;

    public ModelCatalog(IOptionsMonitor<GatewayOptions> options, ReplicaPools pools)
    {
        _pools = pools;
        _snapshot = Build(options.CurrentValue);
        _changes = options.OnChange(changed => _snapshot = Build(changed));
    }

    /// <summary>Every name and alias, in the order of the configuration.</summary>
    public IReadOnlyList<ModelRoute> Routes => _snapshot.Routes;

    /// <summary>The route of a model name as it stands in a request (UTF-8), or null.</summary>
    public ModelRoute? Find(ReadOnlySpan<byte> name)
    {
        Span<char> characters = stackalloc char[MaxNameLength];
        return name.Length <= MaxNameLength && Encoding.UTF8.TryGetChars(name, characters, out var length)
            && _snapshot.ByName.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(characters[..length], out var route)
            ? route
            : null;
    }

    /// <summary>The model of a request that names none: only where there is no choice.</summary>
    public ModelRoute? Only => _snapshot.Only;

    public void Dispose() => _changes?.Dispose();

    private CatalogSnapshot Build(GatewayOptions options)
    {
        var routes = new List<ModelRoute>();
        foreach (var model in options.Models)
        {
            var pool = _pools.GetOrAdd(model.Service, model.ApiKey);
            routes.Add(new ModelRoute(model.Name, model, pool));
            foreach (var alias in model.Aliases)
            {
                routes.Add(new ModelRoute(alias, model, pool));
            }
        }

        return new CatalogSnapshot(
            routes,
            routes.ToFrozenDictionary(route => route.PublicName, StringComparer.Ordinal),
            options.Models.Count == 1 ? routes[0] : null);
    }

    private sealed record CatalogSnapshot(IReadOnlyList<ModelRoute> Routes, FrozenDictionary<string, ModelRoute> ByName, ModelRoute? Only);
}
