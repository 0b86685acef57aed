using System.Globalization;
using AiInfra.Gateway.Limits;

namespace AiInfra.Gateway.Usage;

/// <summary>The headers by which OpenAI's clients see how much is left: of the tightest requests' and tokens' window.</summary>
internal static class RateLimitHeaders
{
    public static void Write(IHeaderDictionary headers, LimitService limits, LimitTicket ticket)
    {
        if (!HasMinute(ticket.Claims))
        {
            return;
        }

        foreach (var unit in new[] { MeterUnit.Requests, MeterUnit.Tokens })
        {
            var (limit, left, reset) = limits.Look(ticket, (claims, now) => Tightest(claims, unit, now));
            if (limit > 0)
            {
                Write(headers, unit, limit, left, reset);
            }
        }
    }

    public static void Write(IHeaderDictionary headers, Refusal refusal)
    {
        if (refusal is { Reason: RefusalReason.Limit, Rule: { Span: MeterSpan.Minute, Unit: MeterUnit.Requests or MeterUnit.Tokens } rule })
        {
            Write(headers, rule.Unit, rule.Limit, 0, refusal.RetryAfter);
        }
    }

    private static bool HasMinute(IReadOnlyList<Claim> claims)
    {
        for (var i = 0; i < claims.Count; i++)
        {
            if (claims[i].Meter.Id.Period.Span == MeterSpan.Minute)
            {
                return true;
            }
        }

        return false;
    }

    private static (long Limit, long Left, TimeSpan Reset) Tightest(IReadOnlyList<Claim> claims, MeterUnit unit, TimeSpan now)
    {
        var tightest = (Limit: 0L, Left: long.MaxValue, Reset: TimeSpan.Zero);
        foreach (var (meter, _) in claims)
        {
            if (meter.Id.Unit == unit && meter.Rule.Span == MeterSpan.Minute)
            {
                var left = Math.Max(0, meter.Rule.Limit - meter.Elsewhere - meter.Occupied(now));
                if (left < tightest.Left)
                {
                    tightest = (meter.Rule.Limit, left, meter.UntilEmpty(now));
                }
            }
        }

        return tightest;
    }

    private static void Write(IHeaderDictionary headers, MeterUnit unit, long limit, long left, TimeSpan reset)
    {
        var name = unit == MeterUnit.Requests ? "requests" : "tokens";
        headers[$"x-ratelimit-limit-{name}"] = limit.ToString(CultureInfo.InvariantCulture);
        headers[$"x-ratelimit-remaining-{name}"] = left.ToString(CultureInfo.InvariantCulture);
        headers[$"x-ratelimit-reset-{name}"] = string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(reset.TotalSeconds)}s");
    }
}
