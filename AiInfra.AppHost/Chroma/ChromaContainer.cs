using AiInfra.AppHost.Publishing;
using AiInfra.AppHost.Topology;

namespace AiInfra.AppHost.Chroma;

/// <summary>The container form: the toolkit's resource, which brings its own health check. The image and the volume are ours to decide.</summary>
internal static class ChromaContainer
{
    public static IResourceBuilder<IResourceWithConnectionString> Add(IDistributedApplicationBuilder builder, string name, int? port) =>
        builder.AddChroma(name, port)
            .WithPin(Images.Chroma)
            // An older server cannot open a newer one's folder: the version is part of the volume's name.
            .WithDataVolume($"{name}-{Images.Chroma.Tag.Replace('.', '-')}-data");
}
