using Aspire.Hosting.Pipelines;
using Microsoft.Extensions.DependencyInjection;

namespace AiInfra.AppHost.Publishing;

/// <summary>Files beside those that Aspire writes.</summary>
internal static class PublishedOutput
{
    /// <summary>Writes <paramref name="files"/> once the environment of that name has been published.</summary>
    public static void AddStep(IDistributedApplicationBuilder builder, string environment, Func<IEnumerable<KeyValuePair<string, string>>> files) =>
        AddStep(builder, environment, async (folder, cancellationToken) =>
        {
            foreach (var (path, text) in files())
            {
                var file = Path.Combine(folder, path);
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                await File.WriteAllTextAsync(file, text, cancellationToken);
            }
        });

    /// <summary>Hands the output's folder to <paramref name="complete"/> once the environment of that name has been published.</summary>
    public static void AddStep(IDistributedApplicationBuilder builder, string environment, Func<string, CancellationToken, Task> complete) =>
        builder.Pipeline.AddStep(
            $"complete-{environment}",
            context => complete(context.Services.GetRequiredService<IPipelineOutputService>().GetOutputDirectory(), context.CancellationToken),
            dependsOn: $"publish-{environment}",
            requiredBy: WellKnownPipelineSteps.Publish);
}
