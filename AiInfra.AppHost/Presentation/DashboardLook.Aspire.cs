namespace Aspire.Hosting;

/// <summary>How the platform looks in Aspire's dashboard: an icon for each resource, and links that say where they lead.</summary>
internal static class DashboardLook
{
    // Names from Fluent's icons; the dashboard passes over one that it does not know.
    private static readonly (string Prefix, string Icon)[] Icons =
    [
        ("gateway", "Router"), ("memory", "BrainCircuit"), ("vllm", "Sparkle"), ("redis-exporter", "Pulse"), ("node-exporter", "Pulse"),
        ("redis", "Database"), ("chroma", "DatabaseSearch"), ("prometheus", "DataTrending"), ("alertmanager", "Alert"), ("grafana", "DataPie"),
    ];

    private static readonly (string Resource, string Endpoint, string Text)[] Links =
    [
        ("gateway", "http", "OpenAI-compatible API"), ("memory", "http", "Memory API (service tokens)"), ("chroma", "http", "Chroma API"),
        ("prometheus", "http", "Prometheus"), ("alertmanager", "http", "Alertmanager"), ("grafana", "http", "Dashboards"),
    ];

    /// <summary>Called when every resource is in the model.</summary>
    public static void AddDashboardLook(this IDistributedApplicationBuilder builder)
    {
        foreach (var resource in builder.Resources.OfType<IResourceWithEndpoints>().ToList())
        {
            var one = builder.CreateResourceBuilder(resource);
            if (Icons.FirstOrDefault(icon => resource.Name.StartsWith(icon.Prefix, StringComparison.Ordinal)) is { Icon: { } name })
            {
                one.WithIconName(name);
            }

            foreach (var (_, endpoint, text) in Links.Where(link => link.Resource == resource.Name))
            {
                one.WithUrlForEndpoint(endpoint, url => url.DisplayText = text);
            }

            // Listeners for machines and operators: in the details, not among the links.
            foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>().Where(endpoint => endpoint.Name is "internal" or "admin"))
            {
                one.WithUrlForEndpoint(endpoint.Name, url => url.DisplayLocation = UrlDisplayLocation.DetailsOnly);
            }
        }
    }
}
