namespace AiInfra.Gateway.Limits;

/// <summary>What a meter counts.</summary>
internal enum MeterUnit
{
    /// <summary>Accepted requests.</summary>
    Requests,

    /// <summary>Prompt tokens (cached ones too) and completion tokens.</summary>
    Tokens,

    /// <summary>Millionths of the currency that the prices are written in.</summary>
    Money,

    /// <summary>Requests that run at this moment.</summary>
    Running,
}

/// <summary>Over what a meter counts.</summary>
internal enum MeterSpan
{
    /// <summary>The present moment (<see cref="MeterUnit.Running"/>).</summary>
    Now,

    /// <summary>The last 60 seconds, sliding.</summary>
    Minute,

    /// <summary>The calendar day, UTC.</summary>
    Day,

    /// <summary>The calendar week, UTC, from Monday.</summary>
    Week,

    /// <summary>The calendar month, UTC.</summary>
    Month,
}

/// <summary>One limit: at most <paramref name="Limit"/> units in a span.</summary>
internal sealed record MeterRule(MeterUnit Unit, MeterSpan Span, long Limit)
{
    /// <summary>Spent once and for all until the period ends, unlike a window, which frees itself again.</summary>
    public bool IsBudget => Span is MeterSpan.Day or MeterSpan.Week or MeterSpan.Month;
}
