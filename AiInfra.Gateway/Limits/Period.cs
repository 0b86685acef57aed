using System.Globalization;

namespace AiInfra.Gateway.Limits;

/// <summary>One day, week or month of the UTC calendar; for spans without a calendar there is one period only.</summary>
internal readonly record struct Period(MeterSpan Span, int Index)
{
    private const int MondayOffset = 3; // 1 January 1970 was a Thursday.

    public static Period Of(MeterSpan span, DateTimeOffset utc)
    {
        var day = (int)Math.Floor(utc.ToUnixTimeMilliseconds() / (double)TimeSpan.MillisecondsPerDay);
        return new Period(span, span switch
        {
            MeterSpan.Day => day,
            MeterSpan.Week => (day + MondayOffset) / 7,
            MeterSpan.Month => (utc.UtcDateTime.Year * 12) + utc.UtcDateTime.Month - 1,
            _ => 0,
        });
    }

    public bool Contains(DateTimeOffset utc) =>
        Span is MeterSpan.Now or MeterSpan.Minute || (utc >= Start(Index) && utc < End);

    /// <summary>The first day, <c>2026-11-23</c>; <c>-</c> where there is no calendar.</summary>
    public string Name => Span is MeterSpan.Now or MeterSpan.Minute
        ? "-"
        : Start(Index).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    public DateTimeOffset End => Span is MeterSpan.Now or MeterSpan.Minute ? DateTimeOffset.MaxValue : Start(Index + 1);

    private DateTimeOffset Start(int index) => Span switch
    {
        MeterSpan.Day => DateTimeOffset.UnixEpoch.AddDays(index),
        MeterSpan.Week => DateTimeOffset.UnixEpoch.AddDays((index * 7) - MondayOffset),
        _ => new DateTimeOffset(index / 12, (index % 12) + 1, 1, 0, 0, 0, TimeSpan.Zero),
    };
}
