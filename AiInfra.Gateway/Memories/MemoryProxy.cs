using AiInfra.Gateway.Endpoints;
using AiInfra.Gateway.Forwarding;
using AiInfra.Gateway.Tenants;
using AiInfra.Gateway.Tokens;
using AiInfra.Gateway.Usage;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace AiInfra.Gateway.Memories;

/// <summary>Forwards <c>/v1/memories</c> and <c>/mcp</c> to the memory service, with a service token in the place of the caller's key.</summary>
internal sealed partial class MemoryProxy(
    IHttpForwarder forwarder, UpstreamClient upstream, MemoryLocator locator, ServiceTokenIssuer tokens, PlainCalls calls, ILogger<MemoryProxy> logger)
{
    // A tool call may wait for a model.
    private static readonly ForwarderRequestConfig Config = new() { ActivityTimeout = TimeSpan.FromMinutes(10) };

    public IEnumerable<ApiEndpoint> Endpoints =>
    [
        new("/v1/memories", [HttpMethods.Get, HttpMethods.Post, HttpMethods.Delete], Dialect.Problem, calls.Within(MemoryLocator.Audience, ForwardAsync)),
        new("/v1/memories/", [HttpMethods.Get, HttpMethods.Post, HttpMethods.Put, HttpMethods.Patch, HttpMethods.Delete], Dialect.Problem, calls.Within(MemoryLocator.Audience, ForwardAsync), IsPrefix: true),
        new("/mcp", [HttpMethods.Get, HttpMethods.Post, HttpMethods.Delete], Dialect.Problem, calls.Within(MemoryLocator.Audience, ForwardAsync)),
    ];

    private Task ForwardAsync(HttpContext context, ApiEndpoint endpoint, Caller caller) => ForwardAsync(context, endpoint.Dialect, caller);

    public async Task ForwardAsync(HttpContext context, Dialect dialect, Caller caller)
    {
        if (!locator.IsConfigured)
        {
            await context.WriteErrorAsync(dialect, ApiError.MemoryAway);
            return;
        }

        var exchange = new MemoryExchange(await tokens.TokenForAsync(caller, MemoryLocator.Audience));
        var error = await forwarder.SendAsync(
            context, await locator.FindAsync(context.RequestAborted), upstream.Invoker, Config, exchange, context.RequestAborted);
        if ((error != ForwarderError.None || exchange.TokenRefused) && !context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            MemoryAway(logger, error, exchange.TokenRefused);
            context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = null;
            await context.WriteErrorAsync(dialect, ApiError.MemoryAway);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The memory service did not answer: {Error} (token refused: {TokenRefused})")]
    private static partial void MemoryAway(ILogger logger, ForwarderError error, bool tokenRefused);
}
