using AiInfra.ServiceDefaults.Listeners;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Several listeners in one service, and endpoints that belong to one of them.</summary>
public static class ListenerExtensions
{
    internal static void AddListeners(this WebApplicationBuilder builder)
    {
        var listeners = new[] { ListenerNames.Internal, ListenerNames.Admin }.ToDictionary(
            name => name,
            name => builder.Configuration.GetSection($"Listeners:{name}").Get<ListenerOptions>() ?? new ListenerOptions());
        builder.Services.AddSingleton(new ListenerTable(listeners));
        builder.Services.AddSingleton<MatcherPolicy, ListenerMatcherPolicy>();

        var urls = PublicUrls(builder.Configuration)
            .Concat(listeners.Values.Where(listener => listener.Port is not null)
                .Select(listener => $"http://{listener.Address}:{listener.Port}"));
        builder.WebHost.UseUrls([.. urls]);
        builder.WebHost.UseKestrel(kestrel => kestrel.AddServerHeader = false);
    }

    /// <summary>Keeps these endpoints to one listener (<see cref="ListenerNames"/>); on the others they are not found.</summary>
    public static TBuilder RequireListener<TBuilder>(this TBuilder builder, string name)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new ListenerMetadata(name));

    // In the order of ASP.NET Core itself: ASPNETCORE_URLS, then the ports that container images set.
    private static IEnumerable<string> PublicUrls(ConfigurationManager configuration)
    {
        if (configuration[WebHostDefaults.ServerUrlsKey] is { Length: > 0 } urls)
        {
            return urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        }

        return configuration[WebHostDefaults.HttpPortsKey] is { Length: > 0 } ports
            ? ports.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(port => $"http://*:{port}")
            : ["http://localhost:5000"];
    }
}
