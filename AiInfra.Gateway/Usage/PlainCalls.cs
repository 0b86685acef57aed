using AiInfra.Gateway.Endpoints;
using AiInfra.Gateway.Limits;
using AiInfra.Gateway.Policies;
using AiInfra.Gateway.Telemetry;

namespace AiInfra.Gateway.Usage;

/// <summary>Calls that no model answers, such as those to the memories: requests and calls at one time are limited and booked; tokens they have none.</summary>
internal sealed class PlainCalls(PolicyStore policies, LimitService limits, GatewayMetrics metrics, TimeProvider time)
{
    /// <summary>The same handler within the caller's limits.</summary>
    /// <param name="service">Whose calls they are, as the books name it in the place of a model.</param>
    /// <param name="handler">Answers the call.</param>
    public ApiHandler Within(string service, ApiHandler handler) => async (context, endpoint, caller) =>
    {
        var started = time.GetTimestamp();
        // Whoever came so far is under a policy.
        var policy = policies.Current.PolicyOf(caller);
        var who = new UsageRecord(caller.Tenant, caller.KeyId, caller.User, service);
        var answer = await limits.ReserveAsync(
            caller.Tenant, policy?.DemandsOf(caller, tokens: 0, money: 0) ?? [], limits.Usage.NameOf(who, 0), policy?.ServesWithoutStore ?? false, context.RequestAborted);
        if (answer.Refusal is { } refusal)
        {
            metrics.Denied(caller.Tenant, "limit");
            RateLimitHeaders.Write(context.Response.Headers, refusal);
            await context.WriteErrorAsync(endpoint.Dialect, AccessErrors.Refused(refusal));
            return;
        }

        try
        {
            await handler(context, endpoint, caller);
        }
        finally
        {
            limits.Settle(answer.Ticket!, who with { Milliseconds = (long)time.GetElapsedTime(started).TotalMilliseconds });
        }
    };
}
