using AiInfra.Gateway.Endpoints;
using AiInfra.Gateway.Forwarding;
using AiInfra.Gateway.Limits;
using AiInfra.Gateway.Models;
using AiInfra.Gateway.Policies;
using AiInfra.Gateway.Telemetry;
using AiInfra.Gateway.Tenants;

namespace AiInfra.Gateway.Usage;

/// <summary>Lets calls to models in, or not: policy first, then the limits.</summary>
internal sealed class Calls(
    PolicyStore policies, LimitService limits, PromptCounter counter, Audit audit, GatewayMetrics metrics, TimeProvider time)
{
    /// <summary>Reserves what the call can cost at most.</summary>
    /// <param name="context">The request; its answer gets the rate limit headers.</param>
    /// <param name="request">The same, read and checked.</param>
    /// <param name="route">The model that was asked for.</param>
    public async ValueTask<CallAnswer> BeginAsync(HttpContext context, PreparedRequest request, ModelRoute route)
    {
        // A request keeps the policies it began with.
        var set = policies.Current;
        var (caller, model) = (request.Caller, route.PublicName);
        var decision = set.Decide(caller, request.Endpoint.Path, model, null, null);
        if (!decision.Allowed)
        {
            metrics.Denied(caller.Tenant, "policy");
            audit.Denied(caller, $"POST {request.Endpoint.Path} {model}", decision);
            // To whom a model is not granted it does not exist.
            return new(null, ApiError.UnknownModel(model));
        }

        var policy = set.PolicyOf(caller)!;
        var (price, kind) = (set.PriceOf(model), CallKind.Of(request.Endpoint));
        var bound = BoundOf(request, route, policy, kind);
        var who = new UsageRecord(caller.Tenant, caller.KeyId, caller.User, model);
        var answer = await ReserveAsync(context, policy, caller, who, price, bound);
        if (answer.Refusal is { } byBytes && MayFit(byBytes, bound, price)
            && await counter.CountAsync(request, route, context.RequestAborted) is { } tokens
            && PromptBound.Counted(request, tokens) is var counted && counted < bound.PromptTokens)
        {
            bound = bound with { PromptTokens = counted };
            answer = await ReserveAsync(context, policy, caller, who, price, bound);
        }

        if (answer.Refusal is { } refusal)
        {
            metrics.Denied(caller.Tenant, "limit");
            RateLimitHeaders.Write(context.Response.Headers, refusal);
            return new(null, AccessErrors.Refused(refusal));
        }

        if (answer.Ticket!.Claims.Count > 0)
        {
            RateLimitHeaders.Write(context.Response.Headers, limits, answer.Ticket!);
        }

        var setsMaxTokens = request.Endpoint.Generates && policy.CountsTokens && request.Peek.Cost.MaxTokens is null;
        return new(
            new Call(limits, answer.Ticket!, who, price, bound, request.Peek.Cost, kind, setsMaxTokens ? policy.Options.DefaultMaxTokens : null, metrics, time), null);
    }

    private ValueTask<LimitAnswer> ReserveAsync(HttpContext context, AccessPolicy policy, Caller caller, UsageRecord who, Price price, CallBound bound) => limits.ReserveAsync(
        caller.Tenant, policy.DemandsOf(caller, bound.Tokens, price.MostFor(bound.PromptTokens, bound.CompletionTokens)),
        limits.Usage.NameOf(who, bound.Tokens), policy.ServesWithoutStore, context.RequestAborted);

    // Where the answer alone is too much there is nothing to count.
    private static bool MayFit(Refusal refusal, CallBound bound, Price price) => refusal.Reason != RefusalReason.StoreAway && refusal.Meter?.Unit switch
    {
        MeterUnit.Tokens => bound.CompletionTokens < refusal.Unspent,
        MeterUnit.Money => price.MostFor(0, bound.CompletionTokens) < refusal.Unspent,
        _ => false,
    };

    private static CallBound BoundOf(PreparedRequest request, ModelRoute route, AccessPolicy policy, CallKind kind)
    {
        if (!kind.CostsTokens)
        {
            return default;
        }

        var cost = request.Peek.Cost;
        var completion = request.Endpoint.Generates ? (cost.MaxTokens ?? policy.Options.DefaultMaxTokens) * cost.Answers : 0;
        return new(PromptBound.Of(request, route, policy.Options.TokensPerMedia), completion);
    }
}

/// <summary>Either a call that may go on or the error.</summary>
internal readonly record struct CallAnswer(Call? Call, ApiError? Error);
