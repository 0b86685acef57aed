using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace AiInfra.Tests.Fixtures;

/// <summary>What a platform tells the world: alerts through Alertmanager's webhook, and telemetry through OTLP over gRPC.</summary>
internal sealed class TelemetryReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<(string Name, string Status, string Text)> _alerts = new();
    private readonly ConcurrentDictionary<string, int> _exports = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte[]> _forbidden = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _leaks = new();
    private readonly ConcurrentQueue<(string Service, byte[] Body)> _kept = new();

    private TelemetryReceiver()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, Webhook.Port);
            // gRPC without TLS is HTTP/2 from the first byte.
            kestrel.Listen(IPAddress.Loopback, Otlp.Port, listen => listen.Protocols = HttpProtocols.Http2);
        });
        _app = builder.Build();
        _app.MapPost("/alerts", TakeAlertsAsync);
        _app.MapPost("/{service}/Export", TakeExportAsync);
    }

    public Uri Webhook { get; } = new($"http://127.0.0.1:{FreePorts.Next()}/alerts");

    public Uri Otlp { get; } = new($"http://127.0.0.1:{FreePorts.Next()}");

    /// <summary>Where a forbidden text was found: the kind of export and the text.</summary>
    public IReadOnlyCollection<string> Leaks => _leaks;

    public static async Task<TelemetryReceiver> StartAsync(CancellationToken cancellationToken)
    {
        var receiver = new TelemetryReceiver();
        await receiver._app.StartAsync(cancellationToken);
        return receiver;
    }

    /// <summary>From now on every export that holds this text is a leak.</summary>
    public void Forbid(string text) => _forbidden[text] = Encoding.UTF8.GetBytes(text);

    /// <summary>How many exports of a kind came: <c>Trace</c>, <c>Metrics</c> or <c>Logs</c>.</summary>
    public int Exports(string kind) => _exports.Where(export => export.Key.Contains(kind, StringComparison.Ordinal)).Sum(export => export.Value);

    /// <summary>The newest exports of a kind, up to 1,000 over all kinds: OTLP as protobuf.</summary>
    public IEnumerable<byte[]> Bodies(string kind) => _kept.Where(export => export.Service.Contains(kind, StringComparison.Ordinal)).Select(export => export.Body);

    /// <summary>Waits for a notification: <c>firing</c> or <c>resolved</c>.</summary>
    public async Task WaitForAlertAsync(string name, string status, string text, CancellationToken cancellationToken)
    {
        while (!_alerts.Any(alert => alert.Name == name && alert.Status == status && alert.Text.Contains(text, StringComparison.Ordinal)))
        {
            await Task.Delay(200, cancellationToken);
        }
    }

    public void ForgetAlerts() => _alerts.Clear();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAlertsAsync(HttpContext context)
    {
        using var message = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
        foreach (var alert in message.RootElement.GetProperty("alerts").EnumerateArray())
        {
            _alerts.Enqueue((
                alert.GetProperty("labels").GetProperty("alertname").GetString()!,
                alert.GetProperty("status").GetString()!,
                alert.GetRawText()));
        }
    }

    private async Task TakeExportAsync(HttpContext context, string service)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        // Behind the five bytes of gRPC's frame. Metrics come every second and are asked for in Prometheus.
        if (body.Length > 5 && !service.Contains("Metrics", StringComparison.Ordinal))
        {
            _kept.Enqueue((service, body.ToArray()[5..]));
            while (_kept.Count > 1000)
            {
                _kept.TryDequeue(out _);
            }
        }

        _exports.AddOrUpdate(service, 1, (_, count) => count + 1);
        foreach (var (text, bytes) in _forbidden)
        {
            if (body.GetBuffer().AsSpan(0, (int)body.Length).IndexOf(bytes) >= 0)
            {
                _leaks.Enqueue($"{service}: {text}");
            }
        }

        context.Response.ContentType = "application/grpc";
        // One empty message, and the status in the trailers.
        await context.Response.Body.WriteAsync(new byte[5], context.RequestAborted);
        context.Response.AppendTrailer("grpc-status", "0");
    }
}
