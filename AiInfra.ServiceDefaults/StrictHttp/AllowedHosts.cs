using System.Collections.Frozen;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace AiInfra.ServiceDefaults.StrictHttp;

/// <summary>Decides whether a request's <c>Host</c> and <c>Origin</c> are names of this service.</summary>
internal sealed class AllowedHosts(IOptions<AllowedHostsOptions> options)
{
    private readonly FrozenSet<string> _hosts = options.Value.Allowed.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
    private readonly FrozenSet<string> _origins = options.Value.Origins.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public bool Allows(HttpContext context) => AllowsHost(context) && AllowsOrigin(context.Request);

    private bool AllowsHost(HttpContext context)
    {
        var host = context.Request.Host.Host;
        if (IsLoopbackName(host) || _hosts.Contains(host))
        {
            return true;
        }

        var overLoopback = context.Connection.LocalIpAddress is { } local && IPAddress.IsLoopback(local);
        // An address cannot be rebound: only a name can be pointed somewhere else.
        return IPAddress.TryParse(host.AsSpan().Trim("[]"), out _) || (_hosts.Count == 0 && !overLoopback);
    }

    private bool AllowsOrigin(HttpRequest request)
    {
        var origins = request.Headers.Origin;
        if (origins.Count == 0)
        {
            return true;
        }

        return origins.Count == 1
            && origins[0] is { } origin
            && (_origins.Contains(origin)
                || (Uri.TryCreate(origin, UriKind.Absolute, out var uri) && (IsLoopbackName(uri.Host) || _hosts.Contains(uri.Host))));
    }

    private static bool IsLoopbackName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host is "127.0.0.1" or "[::1]";
}
