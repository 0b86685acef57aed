using AiInfra.AppHost.Topology;

namespace AiInfra.AppHost.Publishing;

internal static class PinnedImage
{
    /// <summary>Takes exactly this image, whatever the resource would take by itself.</summary>
    public static IResourceBuilder<T> WithPin<T>(this IResourceBuilder<T> builder, Image image)
        where T : ContainerResource
    {
        builder.WithImageRegistry(image.Registry).WithImage(image.Name, image.Tag);
        return image.Digest.Length == 0 ? builder : builder.WithImageSHA256(image.Digest["sha256:".Length..]);
    }

    /// <summary>A secret that several resources read and nobody generates, such as a token of another platform. It may be empty.</summary>
    public static IResourceBuilder<ParameterResource> AddSharedSecret(this IDistributedApplicationBuilder builder, string name) =>
        builder.Resources.OfType<ParameterResource>().FirstOrDefault(parameter => parameter.Name == name) is { } known
            ? builder.CreateResourceBuilder(known)
            : builder.AddParameter(name, () => builder.Configuration[$"Parameters:{name}"] ?? "", secret: true);
}
