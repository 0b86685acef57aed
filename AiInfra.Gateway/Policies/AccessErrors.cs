using System.Globalization;
using AiInfra.Gateway.Endpoints;
using AiInfra.Gateway.Limits;

namespace AiInfra.Gateway.Policies;

/// <summary>What callers are told when a policy or a limit says no.</summary>
internal static class AccessErrors
{
    public static ApiError StoreAway { get; } =
        new(StatusCodes.Status503ServiceUnavailable, "server_error", "limits_unavailable", "Keys and limits cannot be checked at the moment.") { RetryAfterSeconds = 1 };

    public static ApiError Denied(AccessDecision decision) =>
        new(StatusCodes.Status403Forbidden, "permission_error", "access_denied", $"Access denied. {decision.Reason}");

    public static ApiError Refused(Refusal refusal)
    {
        if (refusal.Reason == RefusalReason.StoreAway)
        {
            return StoreAway;
        }

        var limit = $"{Words(refusal.Rule!)} ({refusal.Rule!.Limit.ToString(CultureInfo.InvariantCulture)}{(refusal.Rule.Unit == MeterUnit.Money ? " millionths" : "")})";
        if (refusal.Reason == RefusalReason.TooLarge)
        {
            return new(StatusCodes.Status429TooManyRequests, "tokens", "rate_limit_exceeded",
                $"The request alone could exceed the limit of {limit}: ask for fewer tokens (max_tokens) or send less.");
        }

        var isBudget = refusal.Rule.IsBudget && refusal.RetryAfter > TimeSpan.FromSeconds(1);
        return new(StatusCodes.Status429TooManyRequests, isBudget ? "insufficient_quota" : refusal.Rule.Unit == MeterUnit.Tokens ? "tokens" : "requests",
            isBudget ? "insufficient_quota" : "rate_limit_exceeded", $"The limit of {limit} is reached.")
        {
            RetryAfterSeconds = (int)Math.Clamp(Math.Ceiling(refusal.RetryAfter.TotalSeconds), 1, int.MaxValue),
        };
    }

    private static string Words(MeterRule rule) => rule switch
    {
        { Span: MeterSpan.Now } => "calls at one time",
        { Unit: MeterUnit.Money } => $"money per {Span(rule)}",
        _ => $"{rule.Unit.ToString().ToLowerInvariant()} per {Span(rule)}",
    };

    private static string Span(MeterRule rule) => rule.Span.ToString().ToLowerInvariant();
}
