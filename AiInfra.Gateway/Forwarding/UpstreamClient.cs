using System.Net;
using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Forwarding;

/// <summary>The connections to replicas and to the memory service.</summary>
internal sealed class UpstreamClient(IOptions<ForwardingOptions> options) : IDisposable
{
    // Not from the factory: its resilience handler repeats POSTs and cuts long answers.
    public HttpMessageInvoker Invoker { get; } = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = options.Value.ConnectTimeout,
        PooledConnectionIdleTimeout = options.Value.PooledConnectionIdleTimeout,
        // An answer that is not wanted any more must stop the engine: close, never drain.
        MaxResponseDrainSize = 0,
        ResponseDrainTimeout = TimeSpan.Zero,
    });

    public void Dispose() => Invoker.Dispose();
}
