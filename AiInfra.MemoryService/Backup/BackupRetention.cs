using System.Globalization;

namespace AiInfra.MemoryService.Backup;

/// <summary>Which backups stay: the last of each of the newest days, weeks and months that have one (grandfather, father, son).</summary>
internal static class BackupRetention
{
    public static IReadOnlySet<DateTime> Kept(IReadOnlyList<DateTime> made, BackupOptions options)
    {
        var newestFirst = made.OrderDescending().ToList();
        var kept = new HashSet<DateTime>();
        kept.UnionWith(LastOfEach(newestFirst, at => at.Date, options.KeptDaily));
        kept.UnionWith(LastOfEach(newestFirst, at => (ISOWeek.GetYear(at), ISOWeek.GetWeekOfYear(at)), options.KeptWeekly));
        kept.UnionWith(LastOfEach(newestFirst, at => (at.Year, at.Month), options.KeptMonthly));
        return kept;
    }

    /// <summary>How long the oldest backup stays, one made each night.</summary>
    public static TimeSpan Longest(BackupOptions options) => TimeSpan.FromDays(Math.Max(options.KeptDaily, Math.Max(options.KeptWeekly * 7, options.KeptMonthly * 31)));

    private static IEnumerable<DateTime> LastOfEach<T>(List<DateTime> newestFirst, Func<DateTime, T> period, int periods) => newestFirst.DistinctBy(period).Take(periods);
}
