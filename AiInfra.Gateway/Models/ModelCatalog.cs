using System.Collections.Frozen;
using System.Text;
using AiInfra.Gateway.Replicas;

namespace AiInfra.Gateway.Models;

/// <summary>The public names and where each leads. A snapshot that is swapped whole when the configuration changes.</summary>
internal sealed class ModelCatalog : IDisposable
{
    private const int MaxNameLength = 256;

    private readonly ReplicaPools _pools;
    private readonly IDisposable _changes;
    private volatile CatalogSnapshot _snapshot;

    public ModelCatalog(GatewayConfiguration configuration, ReplicaPools pools)
    {
        _pools = pools;
        _snapshot = Build(configuration.Current);
        _changes = configuration.OnChange(changed => _snapshot = Build(changed));
    }

    /// <summary>Every name and alias, in the order of the configuration.</summary>
    public IReadOnlyList<ModelRoute> Routes => _snapshot.Routes;

    /// <summary>The model of a request that names none: only where there is no choice.</summary>
    public ModelRoute? Only => _snapshot.Only;

    /// <summary>The route of a model name as it stands in a request (UTF-8), or null.</summary>
    public ModelRoute? Find(ReadOnlySpan<byte> name)
    {
        Span<char> characters = stackalloc char[MaxNameLength];
        return name.Length <= MaxNameLength && Encoding.UTF8.TryGetChars(name, characters, out var length) ? Find(characters[..length]) : null;
    }

    public ModelRoute? Find(ReadOnlySpan<char> name) =>
        _snapshot.ByName.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out var route) ? route : FindAdapter(name);

    /// <summary>The public name that stands for a pool in metrics: the first that leads there.</summary>
    public string NameOf(ReplicaPool pool) => _snapshot.Routes.FirstOrDefault(route => route.Pool == pool)?.PublicName ?? pool.Service;

    public void Dispose() => _changes.Dispose();

    // An adapter that a replica has loaded (LoRA) is listed there with its base model as parent.
    private ModelRoute? FindAdapter(ReadOnlySpan<char> name)
    {
        foreach (var pool in _snapshot.Pools)
        {
            if (pool.HasAdapters && pool.FindAdapter(name) is { } adapter)
            {
                return new ModelRoute(adapter, adapter, pool) { IsAdapter = true };
            }
        }

        return null;
    }

    private CatalogSnapshot Build(GatewayOptions options)
    {
        var routes = new List<ModelRoute>();
        foreach (var model in options.Models)
        {
            var pool = _pools.GetOrAdd(model.Service);
            pool.SetApiKey(model.ApiKey);
            foreach (var name in model.Aliases.Prepend(model.Name))
            {
                routes.Add(new ModelRoute(name, model.ServedName ?? model.Name, pool) { Fallbacks = [.. model.Fallbacks] });
            }
        }

        return new CatalogSnapshot(
            routes,
            routes.ToFrozenDictionary(route => route.PublicName, StringComparer.Ordinal),
            [.. routes.Select(route => route.Pool).Distinct()],
            options.Models.Count == 1 ? routes[0] : null);
    }

    private sealed record CatalogSnapshot(
        IReadOnlyList<ModelRoute> Routes, FrozenDictionary<string, ModelRoute> ByName, IReadOnlyList<ReplicaPool> Pools, ModelRoute? Only);
}
