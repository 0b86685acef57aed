namespace Aspire.Hosting;

/// <summary>The vector index.</summary>
internal static class ChromaExtensions
{
    /// <summary>
    /// Adds Chroma: the container 1.5.9 where containers run or are published, else the server of the npm package, installed once.
    /// The index can be rebuilt from the memory service's records at any time.
    /// </summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">Name of the resource and of the connection string <c>Endpoint=http://host:port</c>.</param>
    /// <param name="port">Public port, or null for any free one.</param>
    public static IResourceBuilder<IResourceWithConnectionString> AddChromaServer(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, int? port = null) =>
        Forms.AddChroma(builder, name, port).WithRebuildCommand();
}
