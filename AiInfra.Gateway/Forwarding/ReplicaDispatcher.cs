using System.Runtime.CompilerServices;
using AiInfra.Gateway.Admission;
using AiInfra.Gateway.Endpoints;
using AiInfra.Gateway.Models;
using AiInfra.Gateway.Replicas;
using AiInfra.Gateway.Routing;
using AiInfra.Gateway.Telemetry;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Forwarder;

namespace AiInfra.Gateway.Forwarding;

/// <summary>Has a request answered by a replica of its route, and by another one as long as nothing has gone out to the caller.</summary>
internal sealed partial class ReplicaDispatcher(
    IHttpForwarder forwarder,
    UpstreamClient upstream,
    ReplicaPicker picker,
    AdmissionGates gates,
    ResponseAffinity affinity,
    PoisonList poison,
    ShutdownDrain drain,
    GatewayMetrics metrics,
    IOptions<ForwardingOptions> options,
    TimeProvider time,
    ILogger<ReplicaDispatcher> logger)
{
    private readonly ForwardingOptions _options = options.Value;

    // vLLM speaks HTTP/1.1 only. Silence inside a stream is watched by the stream itself.
    private readonly ForwarderRequestConfig _config = new()
    {
        ActivityTimeout = options.Value.FirstByteTimeout,
        Version = System.Net.HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    /// <param name="context">The caller's request.</param>
    /// <param name="request">The same, read and checked.</param>
    /// <param name="route">Whose replicas are asked.</param>
    /// <param name="keeper">The replica that keeps the state which the request refers to, or null.</param>
    /// <returns>What to tell the caller when no replica answered; null when one did, or when the caller has left.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<UpstreamRefusal?> DispatchAsync(HttpContext context, PreparedRequest request, ModelRoute route, string? keeper)
    {
        var measure = RequestMeasure.Of(context);
        (measure.Model, measure.Operation) = (route.PublicName, RequestMeasure.OperationOf(request.Endpoint));
        var gate = gates.Of(route.Pool.Service);
        var prompt = picker.Read(request, route);
        var ticket = new AdmissionTicket(request.Caller.Tenant, request.Caller.Priority, prompt.Tokens + prompt.MaxAnswerTokens);
        // Waiting for a replica is the replicas' time, not the gateway's.
        measure.Sent();
        var isAdmitted = await gate.EnterAsync(ticket, route.Pool.CountAvailable(), context.RequestAborted);
        measure.Returned();
        if (!isAdmitted)
        {
            metrics.Denied(request.Caller.Tenant, "overload");
            return new(ApiError.Overloaded(gate.RetryAfterSeconds), null, AttemptOutcome.Busy);
        }

        try
        {
            return await TryReplicasAsync(context, request, route, prompt, keeper);
        }
        finally
        {
            gate.Leave(ticket, route.Pool.CountAvailable());
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<UpstreamRefusal?> TryReplicasAsync(
        HttpContext context, PreparedRequest request, ModelRoute route, RoutedPrompt prompt, string? keeper)
    {
        var refusal = UpstreamRefusal.NoReplica;
        var body = request.BodyFor(route);
        var tried = new Replica?[_options.MaxAttempts];
        var isSuspect = false;
        for (var attempt = 0; attempt < tried.Length; attempt++)
        {
            if (picker.Pick(route, tried, keeper, prompt) is not var (replica, placed))
            {
                return refusal;
            }

            tried[attempt] = replica;
            // A refused attempt left its status there, and the forwarder takes no response that is set.
            context.Response.StatusCode = StatusCodes.Status200OK;
            var exchange = await AttemptAsync(context, request, route, replica, body, placed, isSuspect);
            if (exchange.Outcome == AttemptOutcome.Answered || context.RequestAborted.IsCancellationRequested)
            {
                return null;
            }

            AttemptFailed(logger, attempt + 1, replica.Id, exchange.Outcome);
            refusal = exchange.Refusal;
            if (!exchange.MayRetry)
            {
                return refusal;
            }

            metrics.Retried(route.PublicName, exchange.Outcome.ToString());
            isSuspect |= exchange.IsSuspect;
        }

        return refusal;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Exchange> AttemptAsync(
        HttpContext context, PreparedRequest request, ModelRoute route, Replica replica, EditedBody body, PlacedRequest placed, bool isSuspect)
    {
        // Whoever was there when an engine died is tried again beside others who were not: if it happens again, it is known who it was.
        var slot = isSuspect ? new SuspectSlot(replica.SuspectSlot) : null;
        var watch = new ReplyWatch(replica, placed.Chain);
        var measure = RequestMeasure.Of(context);
        var hasBegun = false;
        using var content = new AttemptBody(body);
        content.Headers.TryAddWithoutValidation("Content-Type", context.Request.Headers.ContentType is { Count: 1 } type ? (string?)type : "application/json");
        using var invoker = new AttemptInvoker(upstream.Handler, content);
        var exchange = new Exchange(request.Endpoint, route, replica, watch, request.Call!, _options, time, drain.Over)
        {
            FirstToken = () =>
            {
                hasBegun = true;
                replica.NoteAwaiting(-1);
                slot?.Leave();
                replica.Report(ReplicaEvent.Answered);
                placed.Tell(RouteEvent.FirstToken);
                measure.FirstToken();
                if (request.Endpoint.KeepsAnswers && watch.ResponseId is { } id)
                {
                    // Before its first byte goes out: the next turn may follow at once.
                    affinity.Remember(id, replica, request.Caller);
                }

                if (placed.Route.WantsReceipt)
                {
                    context.Response.Headers["x-aiinfra-route"] = $"replica={replica.Id};{placed.Route.Receipt}";
                }
            },
        };
        var life = replica.Life;
        replica.Begin();
        replica.NoteAwaiting(1);
        measure.Sent();
        try
        {
            if (slot is not null)
            {
                await slot.EnterAsync(context.RequestAborted);
            }

            var error = await forwarder.SendAsync(context, replica.Prefix, invoker, _config, exchange, replica.Stalled);
            exchange.Conclude(error, error == ForwarderError.None ? null : context.Features.Get<IForwarderErrorFeature>()?.Exception);
            Report(context, request, route, replica, life, exchange);
        }
        finally
        {
            await content.SentAsync();
            measure.Returned();
            replica.End();
            replica.NoteAwaiting(hasBegun ? 0 : -1);
            slot?.Leave();
            placed.Route.Usage = watch.Usage;
            placed.Tell(exchange.Outcome == AttemptOutcome.Answered && !exchange.BrokeLater ? RouteEvent.Finished : RouteEvent.Abandoned);
            measure.IsBroken |= exchange.BrokeLater;
            if (watch.Usage is { } usage)
            {
                measure.Used(usage.Prompt, usage.Cached ?? 0, usage.Completion);
                metrics.Cached(route.PublicName, placed.Route.ExpectedCached, usage.Cached);
            }
        }

        return exchange;
    }

    private void Report(HttpContext context, PreparedRequest request, ModelRoute route, Replica replica, int life, Exchange exchange)
    {
        if (exchange.Outcome == AttemptOutcome.Answered)
        {
            if (!exchange.BrokeLater)
            {
                return;
            }
        }
        else if (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        ReplicaEvent? happened = exchange.Outcome switch
        {
            AttemptOutcome.Unreachable => ReplicaEvent.Unreachable,
            AttemptOutcome.ShuttingDown => ReplicaEvent.ShuttingDown,
            AttemptOutcome.Busy => null,
            AttemptOutcome.Refused => ReplicaEvent.Answered,
            _ => ReplicaEvent.Failed,
        };
        if (happened is { } seen && replica.Report(seen))
        {
            StateChanged(logger, replica.Id, replica.State, seen);
            if (replica.State == ReplicaState.Ejected)
            {
                metrics.Ejected(route.Pool, replica.Id, seen.ToString());
            }
        }

        if (exchange.IsSuspect || exchange.DiedLater)
        {
            _ = poison.WatchAsync(PoisonList.Fingerprint(request.Bytes.Span), replica, life, drain.Over);
        }
    }

    [LoggerMessage(LogLevel.Information, "Attempt {Attempt} on {Replica} failed: {Outcome}")]
    private static partial void AttemptFailed(ILogger logger, int attempt, string replica, AttemptOutcome outcome);

    [LoggerMessage(LogLevel.Warning, "Replica {Replica} is {State} after {Event}")]
    private static partial void StateChanged(ILogger logger, string replica, ReplicaState state, ReplicaEvent @event);
}
