using System.Net;
using Yarp.ReverseProxy.Forwarder;

namespace AiInfra.Gateway.Memories;

/// <summary>A call to the memory service: the caller's headers without the credentials, which are for the gateway alone.</summary>
internal sealed class MemoryExchange(string token) : HttpTransformer
{
    private static readonly string[] Credentials = ["Authorization", "x-api-key", "api-key", "Cookie", "Host"];

    /// <summary>True when the service refused the gateway's own token: the platform's trouble, not the caller's.</summary>
    public bool TokenRefused { get; private set; }

    public override async ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        foreach (var name in Credentials)
        {
            proxyRequest.Headers.Remove(name);
        }

        proxyRequest.Headers.Remove("X-Request-Id");
        proxyRequest.Headers.TryAddWithoutValidation("X-Request-Id", (string?)httpContext.Response.Headers["x-request-id"]);
        proxyRequest.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
    }

    public override async ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        TokenRefused = proxyResponse?.StatusCode == HttpStatusCode.Unauthorized;
        if (TokenRefused)
        {
            return false;
        }

        var requestId = httpContext.Response.Headers["x-request-id"];
        var pass = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        httpContext.Response.Headers["x-request-id"] = requestId;
        return pass;
    }
}
