namespace AiInfra.AppHost.Monitoring;

/// <summary>
/// Files that a container reads at its start, by their full path inside it. A target without files of its own (Kubernetes drops them in
/// silence) finds them here and lays them out in its way.
/// </summary>
/// <param name="Write">Gives the texts, once it is told how the address (<c>host:port</c>) of an endpoint reads inside the target.</param>
internal sealed record FilesInContainer(Func<Func<EndpointReference, string>, IReadOnlyDictionary<string, string>> Write) : IResourceAnnotation
{
    // What a service of ours listens on in a published target unless its endpoint says otherwise.
    private const int DefaultPort = 8080;

    /// <summary>Adds the files, with addresses as this container sees them.</summary>
    public IResourceBuilder<ContainerResource> AddTo(IResourceBuilder<ContainerResource> container)
    {
        container.WithAnnotation(this);
        var isPublished = container.ApplicationBuilder.ExecutionContext.IsPublishMode;
        // One call a folder: the Compose publisher loses its place among nested ones.
        foreach (var folder in Write(_ => "").Keys.Select(FolderOf).Distinct())
        {
            container.WithContainerFiles(folder, async (_, cancellationToken) =>
                from file in isPublished ? Write(PublishedAddress) : await RunningAsync(container.Resource, cancellationToken)
                where FolderOf(file.Key) == folder
                select new ContainerFile
                {
                    Name = file.Key[(folder.Length + 1)..],
                    // Compose reads a dollar in an inline file as the beginning of a variable.
                    Contents = isPublished ? file.Value.Replace("$", "$$", StringComparison.Ordinal) : file.Value,
                });
        }

        return container;
    }

    /// <summary>Services of one Compose project call each other by the name of the resource.</summary>
    public static string PublishedAddress(EndpointReference endpoint) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{endpoint.Resource.Name}:{endpoint.TargetPort ?? DefaultPort}");

    private async Task<IReadOnlyDictionary<string, string>> RunningAsync(ContainerResource reader, CancellationToken cancellationToken)
    {
        var asked = new List<EndpointReference>();
        Write(endpoint =>
        {
            asked.Add(endpoint);
            return "";
        });
        var addresses = new Dictionary<EndpointReference, string>();
        foreach (var endpoint in asked.Distinct())
        {
            addresses[endpoint] = await endpoint.Property(EndpointProperty.HostAndPort)
                .GetValueAsync(new ValueProviderContext { Caller = reader }, cancellationToken) ?? "";
        }

        return Write(endpoint => addresses[endpoint]);
    }

    private static string FolderOf(string path) => path[..path.LastIndexOf('/')];
}
