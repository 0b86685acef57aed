using System.Net;
using System.Net.Sockets;
using AiInfra.Gateway;
using AiInfra.Gateway.Models;
using AiInfra.Gateway.Replicas;
using AiInfra.Tests.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.ServiceDiscovery;
using Microsoft.Extensions.Time.Testing;

namespace AiInfra.Tests.Gateway;

/// <summary>Behind one host name stand as many replicas as it has addresses, and they change while the gateway runs.</summary>
public sealed class DiscoveryTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_host_name_is_resolved_again_and_a_failure_leaves_the_replicas_as_they_are()
    {
        await using var app = GatewayApp.Build(
        [
            // Never started.
            "--urls=http://localhost:9001", "--Listeners:Internal:Port=9002", "--Listeners:Admin:Port=9003", "--Gateway:Models:0:Name=tiny", "--Gateway:Models:0:Service=vllm",
            "--Gateway:Keys:0:Id=local", $"--Gateway:Keys:0:Key={GatewayServer.Key}", "--services:vllm:http:0=http://engines.example:8000",
        ]);
        var (time, answers, asked) = (new FakeTimeProvider(), Addresses("10.0.0.1", "10.0.0.2"), 0);
        using var discovery = new ReplicaDiscovery(
            app.Services.GetRequiredService<ServiceEndpointResolver>(),
            (host, _) =>
            {
                Assert.Equal("engines.example", host);
                Interlocked.Increment(ref asked);
                return Volatile.Read(ref answers);
            },
            app.Services.GetRequiredService<ReplicaPools>(), app.Services.GetRequiredService<ModelCatalog>(),
            app.Services.GetRequiredService<IOptions<ReplicaOptions>>(), time, NullLogger<ReplicaDiscovery>.Instance);

        await discovery.StartAsync(Cancelled);
        var pool = app.Services.GetRequiredService<ReplicaPools>().All.Single();
        Assert.Equal(["10.0.0.1:8000", "10.0.0.2:8000"], pool.Replicas.Select(replica => replica.Id));
        var stays = pool.Replicas[1];

        Volatile.Write(ref answers, Addresses("10.0.0.2", "10.0.0.3", "fd00::1"));
        await AgainAsync();
        Assert.Equal(["10.0.0.2:8000", "10.0.0.3:8000", "[fd00::1]:8000"], pool.Replicas.Select(replica => replica.Id));
        // What is known of it is not lost with its neighbour.
        Assert.Same(stays, pool.Replicas[0]);

        Volatile.Write(ref answers, Task.FromException<IPAddress[]>(new SocketException((int)SocketError.TryAgain)));
        await AgainAsync();
        Assert.Equal(3, pool.Replicas.Count);

        Volatile.Write(ref answers, Addresses("10.0.0.4"));
        await AgainAsync();
        Assert.Equal("10.0.0.4:8000", Assert.Single(pool.Replicas).Id);
        await discovery.StopAsync(Cancelled);

        // The look after next has begun, so the next one has been taken over.
        async Task AgainAsync()
        {
            for (var until = Volatile.Read(ref asked) + 2; Volatile.Read(ref asked) < until;)
            {
                var before = Volatile.Read(ref asked);
                time.Advance(TimeSpan.FromSeconds(2));
                await WaitUntil.TrueAsync(() => Task.FromResult(Volatile.Read(ref asked) > before), Cancelled);
            }
        }
    }

    private static Task<IPAddress[]> Addresses(params string[] addresses) => Task.FromResult(addresses.Select(IPAddress.Parse).ToArray());
}
