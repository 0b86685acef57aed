using System.Collections.Concurrent;
using AiInfra.Gateway.Models;

namespace AiInfra.Gateway.Tenants;

/// <summary>The salts of the tenants that were seen, each made once.</summary>
internal sealed class CacheSalts(GatewayConfiguration configuration)
{
    private const int MaxKept = 10_000;

    private readonly ConcurrentDictionary<string, CacheSalt> _salts = new(StringComparer.Ordinal);

    /// <returns>Null where the tenants share their cache.</returns>
    public CacheSalt? Of(string tenant)
    {
        if (configuration.Current.ShareCacheBetweenTenants)
        {
            return null;
        }

        if (_salts.Count >= MaxKept)
        {
            _salts.Clear();
        }

        return _salts.GetOrAdd(tenant, static name => new CacheSalt(name));
    }
}
