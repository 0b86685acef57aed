using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Admission;

/// <summary>One gate a pool of replicas.</summary>
internal sealed class AdmissionGates(IOptions<AdmissionOptions> options, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, AdmissionGate> _gates = new(StringComparer.OrdinalIgnoreCase);

    public AdmissionGate Of(string service) =>
        _gates.GetOrAdd(service, static (_, own) => new AdmissionGate(own.Options, own.Time), (Options: options.Value, Time: time));
}
