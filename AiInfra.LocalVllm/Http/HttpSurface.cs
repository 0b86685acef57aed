using System.Security.Cryptography;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Metrics;
using AiInfra.LocalVllm.Serving;
using AiInfra.LocalVllm.Trouble;

namespace AiInfra.LocalVllm.Http;

/// <summary>
/// Everything around an endpoint: headers on every reply, CORS, the key, redirects, unknown routes, and errors in OpenAI's shape. In the
/// order in which vLLM's middleware sees a request.
/// </summary>
internal sealed partial class HttpSurface(ServeSettings settings, RouteTable routes, ServerLoad load, HttpMetrics metrics, TroubleGate trouble, TimeProvider time, ILogger<HttpSurface> logger)
{
    private readonly ApiKeyGate _keys = new(settings.ApiKeys);

    public async Task HandleAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.Server = "uvicorn";
        headers.Vary = "Origin";
        if (settings.RequestIdHeaders)
        {
            headers["X-Request-Id"] = context.Request.Headers["X-Request-Id"] is [{ } given, ..] ? given : RandomNumberGenerator.GetHexString(32, lowercase: true);
        }

        var path = RequestPath.Decode(context);
        if (settings.RootPath.Length > 0 && path.StartsWith(settings.RootPath + "/", StringComparison.Ordinal))
        {
            path = path[settings.RootPath.Length..];
        }

        if (IsPreflight(context.Request))
        {
            headers.AccessControlAllowMethods = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY";
            headers.AccessControlMaxAge = "600";
            await Replies.TextAsync(context, 400, "text/plain; charset=utf-8", "Disallowed CORS origin");
            return;
        }

        if (!_keys.Allows(context.Request, path))
        {
            // The key is checked outside the CORS middleware, whose header is missing then.
            headers.Remove("Vary");
            await Replies.JsonAsync(context, 401, "Unauthorized", static (text, json) =>
            {
                json.WriteStartObject();
                json.WriteString("error", text);
                json.WriteEndObject();
            });
            return;
        }

        var began = time.GetTimestamp();
        var handler = "none";
        try
        {
            handler = await DispatchAsync(context, path);
        }
        finally
        {
            metrics.Record(handler, context, time.GetElapsedTime(began).TotalSeconds);
        }
    }

    // Returns the route for the metrics.
    private async Task<string> DispatchAsync(HttpContext context, string path)
    {
        if (!routes.TryFind(path, out var route, out var segment))
        {
            await UnknownAsync(context, path);
            return "none";
        }

        if (!route.Methods.TryGetValue(context.Request.Method, out var handler))
        {
            context.Response.Headers.Allow = string.Join(", ", route.Methods.Keys);
            await Replies.DetailAsync(context, 405, "Method Not Allowed");
            return "none";
        }

        if (segment is not null)
        {
            context.Items[nameof(RouteTable)] = segment;
        }

        // Starlette parses the two length headers as a request smuggler would like; httptools refuses them.
        if (context.Request.Headers.ContainsKey("X-Content-Length") && context.Request.Headers.TransferEncoding.Count > 0)
        {
            context.Response.Headers.Connection = "close";
            context.Response.Headers.Remove("Vary");
            await Replies.TextAsync(context, 400, "text/plain; charset=utf-8", "Invalid HTTP request received.");
            return route.Path;
        }

        try
        {
            if (!ServerLoad.Counts(route.Path) || !await trouble.BefallAsync(context))
            {
                using var counted = load.Enter(route.Path);
                await handler(context);
            }
        }
        catch (ApiError error) when (!context.Response.HasStarted)
        {
            await Replies.ErrorAsync(context, error);
        }
        catch (UnreadableBodyException) when (!context.Response.HasStarted)
        {
            await Replies.DetailAsync(context, 400, "There was an error parsing the body");
        }
        catch (EngineDeadException dead) when (!context.Response.HasStarted)
        {
            await Replies.ErrorAsync(context, ApiError.Internal(dead.Message));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client left; its sequences are gone with the enumerators.
            ClientLeft(route.Path);
        }

        return route.Path;
    }

    private async Task UnknownAsync(HttpContext context, string path)
    {
        // Starlette redirects to the path without (or with) the slash when that exists, built from the Host header.
        var other = path.EndsWith('/') ? path.TrimEnd('/') : path + "/";
        if (path.Length > 1 && other.Length > 0 && routes.TryFind(other, out _, out _))
        {
            context.Response.Headers.Location = $"http://{context.Request.Host.Value}{other}{context.Request.QueryString.Value}";
            await Replies.EmptyAsync(context, 307);
            return;
        }

        await Replies.DetailAsync(context, 404, "Not Found");
    }

    private static bool IsPreflight(HttpRequest request) =>
        request.Method == HttpMethods.Options
        && request.Headers.ContainsKey("Origin")
        && request.Headers.ContainsKey("Access-Control-Request-Method");

    [LoggerMessage(Level = LogLevel.Debug, Message = "A client of {Route} left before its answer was complete")]
    private partial void ClientLeft(string route);
}
