using System.Text;
using AiInfra.Gateway.Endpoints;
using AiInfra.Gateway.Models;
using AiInfra.Gateway.Replicas;
using AiInfra.Gateway.Routing;
using AiInfra.Gateway.Tenants;
using AiInfra.Gateway.Usage;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Forwarder;

namespace AiInfra.Gateway.Forwarding;

/// <summary>Forwards a request to a replica of its model, and to another one as long as nothing has gone out to the caller.</summary>
internal sealed partial class ModelForwarder(
    IHttpForwarder forwarder,
    UpstreamClient upstream,
    ModelCatalog catalog,
    RoundRobinPolicy policy,
    Calls calls,
    IOptions<ForwardingOptions> options,
    TimeProvider time,
    ILogger<ModelForwarder> logger)
{
    private readonly ForwardingOptions _options = options.Value;

    // vLLM speaks HTTP/1.1 only. Silence inside a stream is watched by the stream itself.
    private readonly ForwarderRequestConfig _config = new()
    {
        ActivityTimeout = options.Value.FirstByteTimeout,
        Version = System.Net.HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    public IEnumerable<ApiEndpoint> Endpoints => ModelEndpoint.All.Select(endpoint => new ApiEndpoint(
        endpoint.Path, [HttpMethods.Post], endpoint.Dialect, (context, _, caller) => HandleAsync(context, endpoint, caller)));

    private async Task HandleAsync(HttpContext context, ModelEndpoint endpoint, Caller caller)
    {
        using var body = await RequestBody.ReadAsync(context.Request, _options.MaxRequestBodyBytes, context.RequestAborted);
        if (Prepare(body, out var route, out var peek) is { } error)
        {
            await context.WriteErrorAsync(endpoint.Dialect, error);
            return;
        }

        var answer = await calls.BeginAsync(context, caller, endpoint, route!.PublicName, peek.Call, body.Bytes.Length);
        if (answer.Call is not { } call)
        {
            await context.WriteErrorAsync(endpoint.Dialect, answer.Error!);
            return;
        }

        var isAnswered = false;
        var edited = Edit(body, route, peek, answer);
        var caught = context.Request.Body;
        context.Request.Body = edited;
        try
        {
            var exchange = new Exchange(endpoint, route, edited, call, _options, time);
            isAnswered = await TryReplicasAsync(context, exchange, route.Pool);
            if (!isAnswered)
            {
                await WriteRefusalAsync(context, endpoint.Dialect, exchange.Refusal);
            }
        }
        finally
        {
            call.Settle(isAnswered, context.RequestAborted.IsCancellationRequested);
            context.Request.Body = caught;
            await edited.DisposeAsync();
        }
    }

    private static EditedBody Edit(RequestBody body, ModelRoute route, RequestPeek peek, CallAnswer answer)
    {
        var edits = Calls.EditsFor(answer, peek.FieldsStart);
        if (route.ReplacedName is { } name && peek.ModelLength > 0)
        {
            edits = edits.Append(new BodyEdit(peek.ModelStart, peek.ModelLength, name));
        }

        var edited = new EditedBody(body.Bytes);
        foreach (var edit in edits.OrderBy(edit => edit.Start))
        {
            edited.Replace(edit.Start, edit.Length, edit.Replacement);
        }

        return edited;
    }

    private ApiError? Prepare(RequestBody body, out ModelRoute? route, out RequestPeek peek)
    {
        route = null;
        if (RequestPeek.TryRead(body.Bytes.Span, out peek) is { } error)
        {
            return error;
        }

        if (peek.ModelLength == 0 && catalog.Only is null)
        {
            return ApiError.InvalidRequest("The field 'model' is required.", "model");
        }

        var model = peek.Model(body.Bytes.Span);
        route = peek.ModelLength == 0 ? catalog.Only : catalog.Find(model);
        if (route is null)
        {
            return ApiError.UnknownModel(Encoding.UTF8.GetString(model[..Math.Min(model.Length, 256)]));
        }

        return null;
    }

    /// <returns>True when the caller has got an answer, or has left.</returns>
    private async ValueTask<bool> TryReplicasAsync(HttpContext context, Exchange exchange, ReplicaPool pool)
    {
        var tried = new Replica?[_options.MaxAttempts];
        for (var attempt = 0; attempt < tried.Length; attempt++)
        {
            if (policy.Pick(pool.Replicas, tried) is not { } replica)
            {
                return false;
            }

            tried[attempt] = replica;
            exchange.Aim(replica);
            replica.Begin();
            try
            {
                exchange.Conclude(await forwarder.SendAsync(context, replica.Prefix, upstream.Invoker, _config, exchange, context.RequestAborted));
            }
            finally
            {
                replica.End();
            }

            if (exchange.Outcome == AttemptOutcome.Answered || context.RequestAborted.IsCancellationRequested)
            {
                return true;
            }

            AttemptFailed(logger, attempt + 1, replica.Id, exchange.Outcome);
            if (!exchange.MayRetry)
            {
                return false;
            }
        }

        return false;
    }

    private static Task WriteRefusalAsync(HttpContext context, Dialect dialect, UpstreamRefusal refusal)
    {
        // The forwarder copied the replica's status line.
        context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = null;
        return context.WriteErrorAsync(dialect, refusal.Error, refusal.Body);
    }

    [LoggerMessage(LogLevel.Information, "Attempt {Attempt} on {Replica} failed: {Outcome}")]
    private static partial void AttemptFailed(ILogger logger, int attempt, string replica, AttemptOutcome outcome);
}
