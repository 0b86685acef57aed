using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace AiInfra.ServiceDefaults.StrictHttp;

internal sealed partial class StrictHttpMiddleware(AllowedHosts hosts, ILogger<StrictHttpMiddleware> logger)
{
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (!IsUnambiguous(context))
        {
            AmbiguousRequest(logger, context.Connection.Id);
            return RefuseAsync(context, StatusCodes.Status400BadRequest, "The request can be read in two ways.", close: true);
        }

        if (!hosts.Allows(context))
        {
            ForeignHost(logger, context.Connection.Id);
            return RefuseAsync(context, StatusCodes.Status403Forbidden,
                "The Host or Origin header names another site: Hosts:Allowed and Hosts:Origins say which this service answers to.", close: false);
        }

        return next(context);
    }

    private static bool IsUnambiguous(HttpContext context)
    {
        var headers = context.Request.Headers;
        var codings = headers.TransferEncoding;
        // Kestrel lets Transfer-Encoding win and moves the other length out of the way under this name.
        return (codings.Count == 0
                || (codings.Count == 1
                    && string.Equals(codings[0], "chunked", StringComparison.OrdinalIgnoreCase)
                    && !headers.ContainsKey("X-Content-Length")
                    && headers.ContentLength is null
                    && context.Request.Protocol != HttpProtocol.Http10))
            && context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.StartsWith('/');
    }

    private static Task RefuseAsync(HttpContext context, int status, string reason, bool close)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/problem+json";
        if (close && HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            context.Response.Headers.Connection = "close";
        }

        return context.Response.WriteAsync($$"""{"title":"{{reason}}","status":{{status}}}""", context.RequestAborted);
    }

    [LoggerMessage(LogLevel.Warning, "Refused a request that can be read in two ways on connection {ConnectionId}")]
    private static partial void AmbiguousRequest(ILogger logger, string connectionId);

    [LoggerMessage(LogLevel.Warning, "Refused a request for a foreign host or from a foreign origin on connection {ConnectionId}")]
    private static partial void ForeignHost(ILogger logger, string connectionId);
}
