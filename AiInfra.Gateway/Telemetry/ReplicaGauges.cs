using System.Diagnostics.Metrics;
using AiInfra.Gateway.Admission;
using AiInfra.Gateway.Models;
using AiInfra.Gateway.Replicas;

namespace AiInfra.Gateway.Telemetry;

/// <summary>Reads the state of the replicas when somebody scrapes.</summary>
internal static class ReplicaGauges
{
    private static readonly string[] States = ["healthy", "draining", "ejected"];

    public static IEnumerable<Measurement<int>> ByState(ModelCatalog catalog) =>
        from route in Models(catalog)
        from state in States
        select new Measurement<int>(route.Pool.Replicas.Count(replica => StateOf(replica) == state), new("model", route.PublicName), new("state", state));

    public static IEnumerable<Measurement<int>> InFlight(ModelCatalog catalog) =>
        from route in Models(catalog)
        from replica in route.Pool.Replicas
        select new Measurement<int>(replica.InFlight, new("model", route.PublicName), new("replica", replica.Id));

    public static IEnumerable<Measurement<int>> Queued(ModelCatalog catalog, AdmissionGates gates) =>
        Models(catalog).Select(route => new Measurement<int>(gates.Of(route.Pool.Service).Queued, new KeyValuePair<string, object?>("model", route.PublicName)));

    private static string StateOf(Replica replica) =>
        replica.IsDraining ? "draining" : replica.State == ReplicaState.Serving ? "healthy" : "ejected";

    // A pool under its first name: aliases would count it again.
    private static IEnumerable<ModelRoute> Models(ModelCatalog catalog) => catalog.Routes.DistinctBy(route => route.Pool);
}
