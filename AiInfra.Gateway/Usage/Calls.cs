using System.Globalization;
using System.Text;
using AiInfra.Gateway.Endpoints;
using AiInfra.Gateway.Forwarding;
using AiInfra.Gateway.Limits;
using AiInfra.Gateway.Policies;
using AiInfra.Gateway.Tenants;

namespace AiInfra.Gateway.Usage;

/// <summary>Lets calls to models in, or not: policy first, then the limits.</summary>
internal sealed class Calls(PolicyStore policies, LimitService limits, Audit audit, TimeProvider time)
{
    // A chat template's own words (a system prompt that it brings along, a date, the tools' frame) come on top of the bytes sent.
    private const int TemplateTokens = 256;

    private static readonly byte[] UsageWanted = "{\"include_usage\":true,\"continuous_usage_stats\":true}"u8.ToArray();
    private static readonly byte[] UsageField = "\"stream_options\":{\"include_usage\":true,\"continuous_usage_stats\":true},"u8.ToArray();

    /// <summary>Reserves what the call can cost at most.</summary>
    /// <param name="context">The request; its answer gets the rate limit headers.</param>
    /// <param name="caller">Who calls.</param>
    /// <param name="endpoint">What is called.</param>
    /// <param name="model">The public name of the model.</param>
    /// <param name="peek">What was read of the body.</param>
    /// <param name="bodyBytes">The body's size: no text has more tokens than bytes.</param>
    public async ValueTask<CallAnswer> BeginAsync(
        HttpContext context, Caller caller, ModelEndpoint endpoint, string model, CallPeek peek, int bodyBytes)
    {
        // A request keeps the policies it began with.
        var set = policies.Current;
        var decision = set.Decide(caller, endpoint.Path, model, null, null);
        if (!decision.Allowed)
        {
            audit.Denied(caller, $"POST {endpoint.Path} {model}", decision);
            // To whom a model is not granted it does not exist.
            return new(null, null, ApiError.UnknownModel(model));
        }

        var policy = set.PolicyOf(caller)!;
        var price = set.PriceOf(model);
        var isBounded = peek.MaxTokens is not null || !endpoint.Generates || !policy.CountsTokens;
        var completion = endpoint.Generates ? (peek.MaxTokens ?? policy.Options.DefaultMaxTokens) * peek.Answers : 0;
        var bound = new CallBound(bodyBytes + TemplateTokens + ((long)peek.Media * policy.Options.TokensPerMedia), completion);
        var demands = policy.DemandsOf(caller, bound.Tokens, price.MostFor(bound.PromptTokens, bound.CompletionTokens));
        var answer = await limits.ReserveAsync(caller.Tenant, demands, policy.ServesWithoutStore, context.RequestAborted);
        if (answer.Refusal is { } refusal)
        {
            RateLimitHeaders.Write(context.Response.Headers, refusal);
            return new(null, null, AccessErrors.Refused(refusal));
        }

        if (demands.Count > 0)
        {
            RateLimitHeaders.Write(context.Response.Headers, limits, answer.Ticket!);
        }

        var who = new UsageRecord(caller.Tenant, caller.KeyId, caller.User, model);
        var call = new Call(limits, answer.Ticket!, who, price, bound, peek, time);
        return new(call, isBounded ? null : policy.Options.DefaultMaxTokens, null);
    }

    /// <summary>The changes to the body that make the call countable, in ascending order of position.</summary>
    public static IEnumerable<BodyEdit> EditsFor(CallAnswer answer, int fieldsStart)
    {
        var peek = answer.Call!.Peek;
        if (answer.MaxTokens is { } most)
        {
            yield return new(fieldsStart, 0, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\"max_tokens\":{most},")));
        }

        if (peek.IsStream)
        {
            yield return peek.StreamOptionsLength == 0
                ? new(fieldsStart, 0, UsageField)
                : new(peek.StreamOptionsStart, peek.StreamOptionsLength, UsageWanted);
        }
    }
}

/// <summary>Either a call that may go on, with the <c>max_tokens</c> to set if the caller set none, or the error.</summary>
internal readonly record struct CallAnswer(Call? Call, int? MaxTokens, ApiError? Error);

/// <summary>A range of the body to replace.</summary>
internal readonly record struct BodyEdit(int Start, int Length, ReadOnlyMemory<byte> Replacement);
