using System.Globalization;
using System.Text.RegularExpressions;

namespace AiInfra.MemoryService.Search;

/// <summary>A day, month or year that a question names.</summary>
/// <param name="Weight">1, or less for a bare year, which says little.</param>
internal readonly record struct NamedDates(DateOnly First, DateOnly Last, float Weight);

/// <summary>Finds dates in a question, such as "8 May 2023", "May 8th", "May 2023", "2023-05-08" and "2023".</summary>
internal static partial class QuestionDates
{
    private const float BareYear = 0.3f;

    /// <param name="question">The words as they were asked: months count only with a capital ("may" is mostly another word).</param>
    /// <param name="years">Every year of the scope, for dates without one.</param>
    public static IReadOnlyList<NamedDates> In(string question, IEnumerable<int> years)
    {
        var found = new List<NamedDates>();
        var rest = Pattern().Replace(question, match =>
        {
            var month = Month(match);
            var day = Number(match, "day");
            foreach (var year in Number(match, "year") is { } named ? [named] : years)
            {
                Add(found, year, month, day);
            }

            return " ";
        });
        foreach (Match match in YearPattern().Matches(rest))
        {
            var year = int.Parse(match.ValueSpan, CultureInfo.InvariantCulture);
            found.Add(new NamedDates(new DateOnly(year, 1, 1), new DateOnly(year, 12, 31), BareYear));
        }

        return found;
    }

    private static void Add(List<NamedDates> found, int year, int month, int? day)
    {
        if (year is < 1 or > 9999 || month is < 1 or > 12)
        {
            return;
        }

        var days = DateTime.DaysInMonth(year, month);
        if (day is null)
        {
            found.Add(new NamedDates(new DateOnly(year, month, 1), new DateOnly(year, month, days), 1));
        }
        else if (day >= 1 && day <= days)
        {
            var date = new DateOnly(year, month, day.Value);
            found.Add(new NamedDates(date, date, 1));
        }
    }

    private static int Month(Match match) => match.Groups["month"].Value is { Length: > 0 } name
        ? Array.FindIndex(CultureInfo.InvariantCulture.DateTimeFormat.AbbreviatedMonthNames, month => month.Length > 0 && name.StartsWith(month, StringComparison.Ordinal)) + 1
        : Number(match, "number") ?? 0;

    private static int? Number(Match match, string group) =>
        match.Groups[group] is { Success: true } found ? int.Parse(found.ValueSpan, CultureInfo.InvariantCulture) : null;

    // A month alone ("in June") is no date here: it must have a day or a year.
    [GeneratedRegex("""
        \b(?<year>\d{4})-(?<number>\d{2})-(?<day>\d{2})\b
        | \b(?<day>\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?(?<month>(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*)\.?(?:,?\s+(?<year>\d{4}))?\b
        | \b(?<month>(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*)\.?\s+(?<day>\d{1,2})(?:st|nd|rd|th)?(?:,?\s+(?<year>\d{4}))?\b
        | \b(?<month>(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*)\.?,?\s+(?:of\s+)?(?<year>\d{4})\b
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();

    [GeneratedRegex(@"\b(?:19|20)\d{2}\b", RegexOptions.CultureInvariant)]
    private static partial Regex YearPattern();
}
