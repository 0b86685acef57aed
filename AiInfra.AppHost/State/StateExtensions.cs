using AiInfra.AppHost.State;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting;

/// <summary>The state folder and the secrets in it, for both engines alike.</summary>
internal static class StateExtensions
{
    /// <summary>This run's folder, opened and locked at the first call.</summary>
    public static StateFolder State(this IDistributedApplicationBuilder builder)
    {
        if (builder.Registered<StateFolder>() is { } opened)
        {
            return opened;
        }

        var folder = StateFolder.Open(builder.Configuration, builder.AppHostDirectory);
        builder.Services.AddSingleton(folder);
        return folder;
    }

    public static GeneratedSecrets Secrets(this IDistributedApplicationBuilder builder)
    {
        if (builder.Registered<GeneratedSecrets>() is { } known)
        {
            return known;
        }

        var secrets = new GeneratedSecrets(builder.State());
        builder.Services.AddSingleton(secrets);
        return secrets;
    }

    /// <summary>A secret parameter: <c>Parameters:NAME</c> where it is configured, else made on the first run and kept.</summary>
    public static IResourceBuilder<ParameterResource> AddGeneratedSecret(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, Func<string> create)
    {
        var secrets = builder.Secrets();
        return builder.AddParameter(
            name,
            () => builder.Configuration[$"Parameters:{name}"]
                ?? builder.Configuration[$"Parameters:{name.Replace('-', '_')}"]
                ?? secrets.GetOrCreate(name, create),
            secret: true);
    }

    // Integrations run before the container is built: what they share is looked up among the registrations.
    private static T? Registered<T>(this IDistributedApplicationBuilder builder)
        where T : class =>
        builder.Services.FirstOrDefault(one => one.ServiceType == typeof(T))?.ImplementationInstance as T;
}
