using System.Net;
using AiInfra.Gateway.Models;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.ServiceDiscovery;

namespace AiInfra.Gateway.Replicas;

/// <summary>
/// Keeps every pool at what service discovery says. A host name is resolved again each time: behind the name of a headless
/// service stand as many replicas as it has addresses.
/// </summary>
internal sealed partial class ReplicaDiscovery(
    ServiceEndpointResolver resolver, HostLookup lookup, ReplicaPools pools, ModelCatalog catalog, IOptions<ReplicaOptions> options, TimeProvider time,
    ILogger<ReplicaDiscovery> logger) : BackgroundService
{
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // The catalogue names the pools; the first request must find replicas.
        _ = catalog.Routes;
        await UpdateAllAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.DiscoveryInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await UpdateAllAsync(stoppingToken);
        }
    }

    private async Task UpdateAllAsync(CancellationToken cancellationToken)
    {
        foreach (var pool in pools.All)
        {
            try
            {
                pool.Update(await ResolveAsync(pool.Service, cancellationToken));
            }
            catch (Exception problem) when (problem is not OperationCanceledException)
            {
                // The pool keeps the replicas it has: a discovery that fails says nothing about them.
                DiscoveryFailed(logger, pool.Service, problem);
            }
        }
    }

    private async Task<List<Uri>> ResolveAsync(string service, CancellationToken cancellationToken)
    {
        var found = new List<Uri>();
        var source = await resolver.GetEndpointsAsync($"http://{service}", cancellationToken);
        foreach (var endpoint in source.Endpoints)
        {
            var uri = endpoint.EndPoint switch
            {
                UriEndPoint named => named.Uri,
                DnsEndPoint dns => new UriBuilder("http", dns.Host, dns.Port == 0 ? 80 : dns.Port).Uri,
                IPEndPoint address => new Uri($"http://{address}"),
                var other => new Uri(other.ToString()!),
            };
            if (uri.HostNameType != UriHostNameType.Dns || uri.Host == "localhost")
            {
                found.Add(new Uri(uri.GetLeftPart(UriPartial.Authority)));
                continue;
            }

            foreach (var address in await lookup(uri.Host, cancellationToken))
            {
                found.Add(new Uri($"{uri.Scheme}://{new IPEndPoint(address, uri.Port)}"));
            }
        }

        return found;
    }

    [LoggerMessage(LogLevel.Warning, "Discovery of the replicas of {Service} failed; the known ones stay")]
    private static partial void DiscoveryFailed(ILogger logger, string service, Exception problem);
}

/// <summary>The addresses of a host name as they are at this moment: the system's resolver.</summary>
internal delegate Task<IPAddress[]> HostLookup(string host, CancellationToken cancellationToken);
