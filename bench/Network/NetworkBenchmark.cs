using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using AiInfra.Bench.LocalModel;
using AiInfra.Bench.Running;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace AiInfra.Bench.Network;

/// <summary>Each network measure against its absence.</summary>
internal sealed class NetworkBenchmark : IBenchmark
{
    private const int Clients = 32;
    private const int SlowClients = 200;

    public string Name => "network";

    public string Summary => "pooled connections against new ones, HTTP/2 inside against HTTP/1.1, compressed answers against plain ones, slow clients with and without the limits; paired rounds, about 1 minute";

    public async Task<BenchReport> RunAsync(BenchArguments arguments, CancellationToken cancellationToken)
    {
        var rounds = arguments.Full ? 21 : 9;
        await using var one = await NetworkServer.StartAsync(true, HttpProtocols.Http1, cancellationToken);
        await using var two = await NetworkServer.StartAsync(true, HttpProtocols.Http2, cancellationToken);
        await using var small = await NetworkServer.StartAsync(true, HttpProtocols.Http1, cancellationToken, "--Network:CompressAnswers=true");
        using var pooled = Client(HttpVersion.Version11, pools: true);
        using var single = Client(HttpVersion.Version11, pools: false);
        using var multiplexed = Client(HttpVersion.Version20, pools: true);

        var (withPool, withoutPool, withTwo, withSmall) = (new Measured(), new Measured(), new Measured(), new Measured());
        for (var round = -1; round < rounds; round++)
        {
            await MeasureAsync(pooled, one, null, round < 0 ? null : withPool, cancellationToken);
            await MeasureAsync(single, one, null, round < 0 ? null : withoutPool, cancellationToken);
            await MeasureAsync(multiplexed, two, null, round < 0 ? null : withTwo, cancellationToken);
            await MeasureAsync(pooled, small, "br", round < 0 ? null : withSmall, cancellationToken);
        }

        var (unlimited, limited) = await SlowAsync(cancellationToken);
        var pool = PairedRatio.Of(withPool.PerSecond, withoutPool.PerSecond);
        var http2 = PairedRatio.Of(withTwo.PerSecond, withPool.PerSecond);
        var compression = PairedRatio.Of(withSmall.PerSecond, withPool.PerSecond);
        return new BenchReport(Name,
        [
            Row("new connection each", withoutPool), Row("pooled", withPool), Row("HTTP/2, pooled", withTwo), Row("compressed (br)", withSmall),
            new BenchRow($"{SlowClients} slow clients", new Dictionary<string, double> { ["held before"] = unlimited, ["held after"] = limited }),
        ],
        [
            BenchBar.AtLeast("requests/s, pooled / new connection each (lower end)", pool.Low, 1),
            BenchBar.AtMost("bytes, compressed / plain", withSmall.Bytes / withPool.Bytes, 0.5),
            BenchBar.AtMost("slow clients held after 12 s, with the limits / without", limited / (double)Math.Max(1, unlimited), 0.05),
        ])
        {
            Notes =
            [
                $"requests/s: pooled {pool.Mean:0.00} times new connections ({pool.Low:0.00} to {pool.High:0.00}); HTTP/2 {http2.Mean:0.00} times HTTP/1.1 ({http2.Low:0.00} to {http2.High:0.00}); compressed {compression.Mean:0.00} times plain ({compression.Low:0.00} to {compression.High:0.00}).",
                $"{Clients} clients on loopback, driver and servers in one process: take ratios. Over a real network compression and HTTP/2 gain what loopback does not show.",
            ],
        };
    }

    private static BenchRow Row(string label, Measured measured) => new(label, new Dictionary<string, double>
    {
        ["req/s"] = measured.PerSecond.Order().ElementAt(measured.PerSecond.Count / 2),
        ["bytes"] = measured.Bytes,
        ["connections"] = measured.Connections,
    });

    private static HttpMessageInvoker Client(Version version, bool pools) => new(new VersionHandler(version, new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        PooledConnectionLifetime = pools ? Timeout.InfiniteTimeSpan : TimeSpan.Zero,
        ActivityHeadersPropagator = null,
    }));

    private static async Task MeasureAsync(HttpMessageInvoker client, NetworkServer server, string? accepts, Measured? measured, CancellationToken cancellationToken)
    {
        var before = server.Connections;
        var start = Stopwatch.GetTimestamp();
        var span = TimeSpan.FromSeconds(0.7);
        long bytes = 0;
        var counts = await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            var done = 0;
            while (Stopwatch.GetElapsedTime(start) < span)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, server.Address);
                if (accepts is not null)
                {
                    request.Headers.TryAddWithoutValidation("Accept-Encoding", accepts);
                }

                using var response = await client.SendAsync(request, cancellationToken);
                bytes = (await response.Content.ReadAsByteArrayAsync(cancellationToken)).Length;
                done++;
            }

            return done;
        }));
        if (measured is not null)
        {
            measured.PerSecond.Add(counts.Sum() / Stopwatch.GetElapsedTime(start).TotalSeconds);
            (measured.Bytes, measured.Connections) = (bytes, measured.Connections + server.Connections - before);
        }
    }

    // Clients that send half a request and wait: how many does a server hold twelve seconds later?
    private static async Task<(int Without, int With)> SlowAsync(CancellationToken cancellationToken)
    {
        await using var plain = await NetworkServer.StartAsync(false, HttpProtocols.Http1, cancellationToken);
        await using var limited = await NetworkServer.StartAsync(true, HttpProtocols.Http1, cancellationToken);
        List<Socket>[] sockets = [await HalfAsync(plain, cancellationToken), await HalfAsync(limited, cancellationToken)];
        await Task.Delay(TimeSpan.FromSeconds(12), cancellationToken);
        var held = sockets.Select(list => list.Count(socket => !(socket.Poll(0, SelectMode.SelectRead)))).ToArray();
        foreach (var socket in sockets.SelectMany(list => list))
        {
            socket.Dispose();
        }

        return (held[0], held[1]);
    }

    private static async Task<List<Socket>> HalfAsync(NetworkServer server, CancellationToken cancellationToken)
    {
        var sockets = new List<Socket>();
        for (var i = 0; i < SlowClients; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, server.Port, cancellationToken);
            await socket.SendAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "), cancellationToken);
            sockets.Add(socket);
        }

        return sockets;
    }

    private sealed class Measured
    {
        public List<double> PerSecond { get; } = [];

        public double Bytes { get; set; }

        public double Connections { get; set; }
    }

    private sealed class VersionHandler(Version version, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            (request.Version, request.VersionPolicy) = (version, HttpVersionPolicy.RequestVersionExact);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
