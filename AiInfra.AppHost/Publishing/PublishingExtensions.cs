using AiInfra.AppHost.Publishing;
using AiInfra.AppHost.Topology;

namespace Aspire.Hosting;

/// <summary>What a published target needs beyond the application model.</summary>
internal static class PublishingExtensions
{
    /// <summary>Adds the target that <c>Publishing:Target</c> names. Call it last: it looks at every resource. In run mode it does nothing.</summary>
    public static void AddPublishing(this IDistributedApplicationBuilder builder)
    {
        if (!builder.ExecutionContext.IsPublishMode)
        {
            return;
        }

        var models = builder.Resources.SelectMany(resource => resource.Annotations.OfType<ModelServerAnnotation>()).Select(annotation => annotation.Server);
        var architecture = new Architecture([.. models], isOneHost: PublishingTarget.Of(builder) == PublishingTarget.Compose);
        PublishedServices.Prepare(builder, architecture);
        switch (PublishingTarget.Of(builder))
        {
            case PublishingTarget.Compose:
                ComposeTarget.Add(builder, architecture);
                break;
            case PublishingTarget.Kubernetes:
                KubernetesTarget.Add(builder, architecture);
                break;
            default: // the manifest needs no more than the model
                break;
        }
    }
}
