using System.Globalization;
using System.Security.Cryptography;
using AiInfra.Gateway.Memories;
using AiInfra.Gateway.Routing;
using AiInfra.Gateway.Telemetry;
using AiInfra.Gateway.Tenants;
using Microsoft.AspNetCore.Http.Features;

namespace AiInfra.Gateway.Endpoints;

/// <summary>The public listener: finds the endpoint, asks for the key, gives the request its id. Everything else is 404.</summary>
internal sealed partial class PublicApi(
    ApiTable table, Callers callers, McpResource mcp, GatewayMetrics metrics, TimeProvider time, ILogger<PublicApi> logger)
{
    private readonly uint _start = BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4));
    private readonly ulong _salt = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));
    private long _lastId;

    public async Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers["x-request-id"] = NewRequestId();
        if (await mcp.TryAnswerAsync(context))
        {
            return;
        }

        if (table.Find(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget) is not { } endpoint)
        {
            await context.WriteErrorAsync(Dialect.OpenAi, ApiError.UnknownUrl);
            return;
        }

        var measure = new RequestMeasure(time, endpoint.Path);
        context.Features.Set(measure);
        var (caller, refused) = await callers.FindAsync(context);
        if (caller is not null)
        {
            measure.Tenant = caller.Tenant;
            await AnswerAsync(context, endpoint, caller);
        }
        else
        {
            if (endpoint.Path == McpResource.Path)
            {
                McpResource.Challenge(context);
            }

            metrics.Denied(null, refused!.Status == StatusCodes.Status403Forbidden ? "policy" : "authentication");
            await context.WriteErrorAsync(endpoint.Dialect, refused);
        }

        metrics.Ended(measure, GatewayMetrics.Outcome(context.Response.StatusCode, context.RequestAborted.IsCancellationRequested, measure.IsBroken));
    }

    private async Task AnswerAsync(HttpContext context, ApiEndpoint endpoint, Caller caller)
    {
        if (!endpoint.Methods.Contains(context.Request.Method))
        {
            context.Response.Headers.Allow = string.Join(", ", endpoint.Methods);
            await context.WriteErrorAsync(endpoint.Dialect, ApiError.WrongMethod);
            return;
        }

        try
        {
            await endpoint.Handler(context, endpoint, caller);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller left: nobody waits for an answer.
        }
        catch (BadHttpRequestException refused) when (!context.Response.HasStarted)
        {
            var error = refused.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? ApiError.TooLarge(context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize ?? 0)
                : ApiError.InvalidRequest("The request body could not be read.") with { Status = refused.StatusCode };
            await context.WriteErrorAsync(endpoint.Dialect, error);
        }
        catch (IOException) when (!context.Response.HasStarted)
        {
            // How Kestrel reports some kinds of damage in a chunked body.
            context.Response.Headers.Connection = "close";
            await context.WriteErrorAsync(endpoint.Dialect, ApiError.InvalidRequest("The request body could not be read."));
        }
        catch (Exception problem) when (!context.Response.HasStarted)
        {
            HandlerFailed(logger, endpoint.Path, problem);
            await context.WriteErrorAsync(endpoint.Dialect, ApiError.Internal);
        }
    }

    // Ours alone: a caller's id is not taken over, or one caller could hide behind another's trail.
    private string NewRequestId() => string.Create(
        CultureInfo.InvariantCulture, $"req-{_start:x8}{PromptHash.Mix(_salt + (ulong)Interlocked.Increment(ref _lastId)):x16}");

    [LoggerMessage(LogLevel.Error, "Handling {Path} failed")]
    private static partial void HandlerFailed(ILogger logger, string path, Exception problem);
}
