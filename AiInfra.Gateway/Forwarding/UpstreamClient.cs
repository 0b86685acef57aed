using System.Net;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Forwarding;

/// <summary>The connections to replicas and to the memory service.</summary>
internal sealed class UpstreamClient : IDisposable
{
    public UpstreamClient(IOptions<ForwardingOptions> options)
    {
        Handler = NewHandler(options.Value);
        Invoker = new HttpMessageInvoker(Handler);
        Probes = new HttpMessageInvoker(NewHandler(options.Value));
    }

    /// <summary>The connections themselves, for attempts that bring a body of their own.</summary>
    // Not from the factory: its resilience handler repeats POSTs and cuts long answers.
    public HttpMessageHandler Handler { get; }

    public HttpMessageInvoker Invoker { get; }

    /// <summary>Connections of their own for probes, so that they never wait behind requests, nor appear among them in metrics.</summary>
    public HttpMessageInvoker Probes { get; }

    public void Dispose()
    {
        Invoker.Dispose();
        Probes.Dispose();
    }

    private static SocketsHttpHandler NewHandler(ForwardingOptions options) => new()
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = options.ConnectTimeout,
        PooledConnectionIdleTimeout = options.PooledConnectionIdleTimeout,
        // An answer that is not wanted any more must stop the engine: close, never drain.
        MaxResponseDrainSize = 0,
        ResponseDrainTimeout = TimeSpan.Zero,
    };
}
