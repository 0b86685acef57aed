using System.Diagnostics.Metrics;
using AiInfra.Gateway.Models;

namespace AiInfra.Gateway.Telemetry;

/// <summary>Reads the state of the replicas when somebody scrapes.</summary>
internal static class ReplicaGauges
{
    public static IEnumerable<Measurement<int>> ByState(ModelCatalog catalog) =>
        from route in Models(catalog)
        select new Measurement<int>(route.Pool.Replicas.Count, new("model", route.PublicName), new("state", "healthy"));

    public static IEnumerable<Measurement<int>> InFlight(ModelCatalog catalog) =>
        from route in Models(catalog)
        from replica in route.Pool.Replicas
        select new Measurement<int>(replica.InFlight, new("model", route.PublicName), new("replica", replica.Id));

    // A pool under its first name: aliases would count it again.
    private static IEnumerable<ModelRoute> Models(ModelCatalog catalog) => catalog.Routes.DistinctBy(route => route.Pool);
}
