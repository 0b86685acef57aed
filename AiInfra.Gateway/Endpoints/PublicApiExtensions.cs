using AiInfra.Gateway.Forwarding;
using AiInfra.Gateway.Memories;
using AiInfra.Gateway.Models;
using AiInfra.ServiceDefaults.Listeners;

namespace AiInfra.Gateway.Endpoints;

internal static class PublicApiExtensions
{
    public static void AddPublicApi(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<PublicApi>();
        builder.Services.AddSingleton(services => new ApiTable(
        [
            .. services.GetRequiredService<ModelList>().Endpoints,
            .. services.GetRequiredService<ModelForwarder>().Endpoints,
            .. services.GetRequiredService<MemoryProxy>().Endpoints,
        ]));
    }

    /// <summary>Takes every request of the public listener; those of the internal and the admin listener go on to routing.</summary>
    /// <exception cref="InvalidOperationException">The internal or the admin listener has no port of its own.</exception>
    public static void UsePublicApi(this WebApplication app)
    {
        var listeners = app.Services.GetRequiredService<ListenerTable>();
        foreach (var name in new[] { ListenerNames.Internal, ListenerNames.Admin })
        {
            if (!listeners.Has(name))
            {
                throw new InvalidOperationException($"Listeners:{name}:Port is not set: the gateway serves its {name} endpoints on a port of their own.");
            }
        }

        var api = app.Services.GetRequiredService<PublicApi>();
        app.Use(next => context => listeners.Of(context) == ListenerNames.Public ? api.InvokeAsync(context) : next(context));
    }
}
