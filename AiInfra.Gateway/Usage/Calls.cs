using AiInfra.Gateway.Endpoints;
using AiInfra.Gateway.Forwarding;
using AiInfra.Gateway.Limits;
using AiInfra.Gateway.Models;
using AiInfra.Gateway.Policies;
using AiInfra.Gateway.Telemetry;

namespace AiInfra.Gateway.Usage;

/// <summary>Lets calls to models in, or not: policy first, then the limits.</summary>
internal sealed class Calls(PolicyStore policies, LimitService limits, Audit audit, GatewayMetrics metrics, TimeProvider time)
{
    // A chat template's own words (a system prompt that it brings along, a date, the tools' frame) come on top of the bytes sent.
    private const int TemplateTokens = 256;

    // What a conversation that a replica keeps can hold, where its card does not say.
    private const long UnknownContext = 131_072;

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
        var demands = policy.DemandsOf(caller, bound.Tokens, price.MostFor(bound.PromptTokens, bound.CompletionTokens));
        var who = new UsageRecord(caller.Tenant, caller.KeyId, caller.User, model);
        var answer = await limits.ReserveAsync(caller.Tenant, demands, limits.Usage.NameOf(who, bound.Tokens), policy.ServesWithoutStore, context.RequestAborted);
        if (answer.Refusal is { } refusal)
        {
            metrics.Denied(caller.Tenant, "limit");
            RateLimitHeaders.Write(context.Response.Headers, refusal);
            return new(null, AccessErrors.Refused(refusal));
        }

        if (demands.Count > 0)
        {
            RateLimitHeaders.Write(context.Response.Headers, limits, answer.Ticket!);
        }

        var setsMaxTokens = request.Endpoint.Generates && policy.CountsTokens && request.Peek.Cost.MaxTokens is null;
        return new(
            new Call(limits, answer.Ticket!, who, price, bound, request.Peek.Cost, kind, setsMaxTokens ? policy.Options.DefaultMaxTokens : null, metrics, time), null);
    }

    private static CallBound BoundOf(PreparedRequest request, ModelRoute route, AccessPolicy policy, CallKind kind)
    {
        if (!kind.CostsTokens)
        {
            return default;
        }

        // No text has more tokens than bytes. A file of sound or pictures has what the policy says.
        var cost = request.Peek.Cost;
        var prompt = request.Endpoint.IsForm ? policy.Options.TokensPerMedia : request.Bytes.Length + ((long)cost.Media * policy.Options.TokensPerMedia);
        if (request.Peek.PreviousResponseId.IsThere)
        {
            prompt += ContextOf(route);
        }

        var completion = request.Endpoint.Generates ? (cost.MaxTokens ?? policy.Options.DefaultMaxTokens) * cost.Answers : 0;
        return new(prompt + TemplateTokens, completion);
    }

    private static long ContextOf(ModelRoute route) =>
        route.Pool.FindCard(route.ServedName) is { } card && card.TryGetProperty("max_model_len", out var length) && length.TryGetInt64(out var tokens)
            ? tokens
            : UnknownContext;
}

/// <summary>Either a call that may go on or the error.</summary>
internal readonly record struct CallAnswer(Call? Call, ApiError? Error);
