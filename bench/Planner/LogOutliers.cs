namespace AiInfra.Bench.Planner;

/// <summary>Says why a log lies far from its prediction, from what the log itself gives away.</summary>
internal static class LogOutliers
{
    public static bool IsOutlier(LogPrediction log) =>
        Math.Abs(log.FormulaError ?? 0) > 0.02 || (log.Counts && Math.Abs(log.PoolErrorOfDevice ?? 0) > 0.04)
        || (log.Counts && log.StartsPredicted is { } starts && starts == log.Row.WasRefused);

    public static string Reason(LogPrediction log)
    {
        var row = log.Row;
        if (Math.Abs(log.FormulaError ?? 0) > 0.02 && log.WindowsFollowUnpublishedBatch)
        {
            return "its windows reserve the tokens of a step, which the log does not publish; the release's default was taken.";
        }

        if (row.Note is { Length: > 0 } note)
        {
            return $"{note}.";
        }

        return Math.Abs(log.WeightsError ?? 0) > 0.05 ? "the checkpoint's weights differ from what its format name says."
            : row.Speculative is not null ? "a drafter whose layers are not published shares the pool."
            : row.MaxNumSeqs is null && row.MaxNumBatchedTokens is null
                ? "sequences and tokens of a step are not published; the profile run's peak follows them, and the release's defaults were taken."
            : "the profile run's peak differs: the published settings do not say which kernels ran.";
    }
}
