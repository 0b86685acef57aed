using AiInfra.AppHost.Prerequisites;
using AiInfra.AppHost.ProcessEngine.Running;
using AiInfra.AppHost.Telemetry;
using Aspire.Hosting.Dotnet;

namespace Aspire.Hosting;

/// <summary>What can be added to the model: executables, .NET projects, parameters.</summary>
internal static class ResourceExtensions
{
    public static IResourceBuilder<ExecutableResource> AddExecutable(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, string command, string workingDirectory, params string[]? args)
    {
        var resource = new ExecutableResource(name, command, Path.GetFullPath(workingDirectory, builder.AppHostDirectory));
        return builder.AddResource(resource).WithArgs(args ?? []);
    }

    /// <summary>Adds a service by the path of its project file. It must be built with the AppHost: as a project reference without output.</summary>
    public static IResourceBuilder<DotnetProjectResource> AddDotnetProject(this IDistributedApplicationBuilder builder, [ResourceName] string name, string path)
    {
        var project = Path.GetFullPath(path, builder.AppHostDirectory);
        var resource = new DotnetProjectResource(name, DotnetHost.Path, Path.GetDirectoryName(project)!);
        return builder.AddResource(resource)
            .WithArgs("exec", BuiltServices.AssemblyOf(project))
            .WithOtlpExporter()
            .WithEnvironment("OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY", "in_memory")
            .WithEnvironment(context => ProjectEnvironment.Add(context, resource, builder));
    }

    public static IResourceBuilder<ParameterResource> AddParameter(this IDistributedApplicationBuilder builder, [ResourceName] string name, bool secret = false) =>
        builder.AddParameter(name, () => ParameterValue(builder, name), secret: secret);

    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, string value, bool publishValueAsDefault = false, bool secret = false) =>
        builder.AddParameter(name, () => value, publishValueAsDefault, secret);

    // publishValueAsDefault belongs to publishing, which this engine leaves to Aspire.
    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, Func<string> valueGetter, bool publishValueAsDefault = false, bool secret = false) =>
        builder.AddResource(new ParameterResource(name, valueGetter, secret));

    public static IResourceBuilder<T> WithOtlpExporter<T>(this IResourceBuilder<T> builder)
        where T : IResourceWithEnvironment =>
        builder.WithEnvironment(context => OtlpEnvironment.Add(context, builder.ApplicationBuilder));

    private static string ParameterValue(IDistributedApplicationBuilder builder, string name) =>
        builder.Configuration[$"Parameters:{name}"]
        ?? builder.Configuration[$"Parameters:{name.Replace('-', '_')}"]
        ?? throw new DistributedApplicationException(
            $"The parameter '{name}' has no value: set the environment variable Parameters__{name.Replace('-', '_')} or pass --Parameters:{name}=VALUE.");
}
