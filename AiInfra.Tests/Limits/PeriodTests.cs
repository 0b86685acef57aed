using System.Globalization;
using AiInfra.Gateway.Limits;

namespace AiInfra.Tests.Limits;

/// <summary>Budgets begin anew with the UTC day, the week from Monday, the month.</summary>
public sealed class PeriodTests
{
    [Theory]
    [InlineData(nameof(MeterSpan.Day), "2026-11-24T23:59:59.999Z", "2026-11-24", "2026-11-25")]
    [InlineData(nameof(MeterSpan.Day), "2026-12-31T12:00:00Z", "2026-12-31", "2027-01-01")]
    [InlineData(nameof(MeterSpan.Week), "2026-11-23T00:00:00Z", "2026-11-23", "2026-11-30")]
    [InlineData(nameof(MeterSpan.Week), "2026-11-29T23:59:59Z", "2026-11-23", "2026-11-30")]
    [InlineData(nameof(MeterSpan.Week), "2027-01-02T00:00:00Z", "2026-12-28", "2027-01-04")]
    [InlineData(nameof(MeterSpan.Month), "2028-02-29T23:00:00Z", "2028-02-01", "2028-03-01")]
    [InlineData(nameof(MeterSpan.Month), "2026-12-31T23:59:59Z", "2026-12-01", "2027-01-01")]
    public void A_period_has_its_first_day_for_a_name_and_ends_where_the_next_begins(string span, string moment, string first, string end)
    {
        var (kind, utc) = (Enum.Parse<MeterSpan>(span), DateTimeOffset.Parse(moment, CultureInfo.InvariantCulture));
        var period = Period.Of(kind, utc);

        Assert.Equal((first, DateTimeOffset.Parse(end + "T00:00:00Z", CultureInfo.InvariantCulture)), (period.Name, period.End));
        Assert.True(period.Contains(utc));
        Assert.False(period.Contains(period.End));
        Assert.NotEqual(period, Period.Of(kind, period.End));
        Assert.Equal(period, Period.Of(kind, period.End.AddMilliseconds(-1)));
    }

    [Fact]
    public void A_window_has_no_calendar() => Assert.Equal(
        ("-", Period.Of(MeterSpan.Minute, default), true),
        (Period.Of(MeterSpan.Minute, default).Name, Period.Of(MeterSpan.Minute, DateTimeOffset.UnixEpoch), Period.Of(MeterSpan.Minute, default).Contains(DateTimeOffset.UnixEpoch)));
}
