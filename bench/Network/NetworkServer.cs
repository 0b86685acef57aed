using System.Net;
using System.Text;
using AiInfra.Bench.Overhead;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AiInfra.Bench.Network;

/// <summary>A service with the defaults, or without them, that answers with memories as JSON.</summary>
internal sealed class NetworkServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _connections;

    private NetworkServer(WebApplication app, int port) => (_app, Port) = (app, port);

    public int Port { get; }

    public Uri Address => new($"http://127.0.0.1:{Port}/");

    /// <summary>Connections that were accepted so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    public static async Task<NetworkServer> StartAsync(bool withDefaults, HttpProtocols protocols, CancellationToken cancellationToken, params string[] settings)
    {
        var port = OverheadTarget.FreePort();
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = settings });
        builder.Logging.ClearProviders();
        if (withDefaults)
        {
            builder.AddNetworkDefaults();
        }

        NetworkServer? server = null;
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen =>
        {
            listen.Protocols = protocols;
            listen.Use(next => connection =>
            {
                Interlocked.Increment(ref server!._connections);
                return next(connection);
            });
        }));
        var app = builder.Build();
        server = new NetworkServer(app, port);
        var answer = Memories();
        app.Run(async context =>
        {
            context.Response.ContentType = "application/json";
            await context.Response.Body.WriteAsync(answer, context.RequestAborted);
        });
        await app.StartAsync(cancellationToken);
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    // Twenty memories as a search answers them, about 9 kB.
    private static byte[] Memories()
    {
        string[] words = ["release", "server", "Thursday", "Ada", "deploys", "after", "review", "the", "staging", "cluster", "restarts", "nightly", "before", "backup"];
        var random = new Random(7);
        var text = new StringBuilder("{\"results\":[");
        for (var i = 0; i < 20; i++)
        {
            text.Append(i == 0 ? "" : ",").Append(System.Globalization.CultureInfo.InvariantCulture,
                $"{{\"memory\":{{\"id\":\"{random.NextInt64():x16}\",\"text\":\"{string.Join(' ', random.GetItems(words, 30))}.\",\"domain\":\"general\",\"createdAt\":\"2026-11-24T10:{i:00}:00Z\"}},\"score\":{random.NextDouble():0.0000}}}");
        }

        return Encoding.UTF8.GetBytes(text.Append("]}").ToString());
    }
}
