using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Telemetry;

/// <summary>Keeps the label <c>tenant</c> to a bounded set of values.</summary>
internal sealed class TenantLabels(IOptions<TelemetryOptions> options)
{
    public const string Other = "other";

    private readonly ConcurrentDictionary<string, string> _known = new(StringComparer.Ordinal);
    private int _count;

    public string Of(string tenant)
    {
        if (_known.TryGetValue(tenant, out var label))
        {
            return label;
        }

        // Counted apart: a dictionary that is asked for its size stops all writers.
        if (Volatile.Read(ref _count) >= options.Value.MaxTenants || Interlocked.Increment(ref _count) > options.Value.MaxTenants)
        {
            return Other;
        }

        return _known.GetOrAdd(tenant, tenant);
    }
}
