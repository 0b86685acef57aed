namespace AiInfra.Bench.Routing;

/// <summary>What a rule achieved. Times in seconds, rates as parts of 1.</summary>
internal sealed record RoutingFigures(
    double HitRate, double Imbalance, double FirstTokenP50, double FirstTokenP90, double FirstTokenP99, double EndP50, double EndP90, double EndP99, double Goodput)
{
    // A first token within two seconds, and no more than 50 ms per token after it.
    private const double GoodFirstToken = 2;
    private const double GoodPerToken = 0.05;

    public static RoutingFigures From(IReadOnlyList<Answer> answers, IEnumerable<double> computedTokens)
    {
        var first = answers.Select(answer => answer.FirstTokenAt - answer.ArrivedAt).Order().ToArray();
        var end = answers.Select(answer => answer.DoneAt - answer.ArrivedAt).Order().ToArray();
        var computed = computedTokens.ToArray();
        return new(
            (double)answers.Sum(answer => (long)answer.CachedTokens) / answers.Sum(answer => (long)answer.Request.PromptTokens),
            computed.Max() / computed.Average(),
            At(first, 0.5), At(first, 0.9), At(first, 0.99),
            At(end, 0.5), At(end, 0.9), At(end, 0.99),
            answers.Count(IsGood) / (double)answers.Count);
    }

    public static RoutingFigures Mean(IReadOnlyList<RoutingFigures> runs) => new(
        runs.Average(run => run.HitRate), runs.Average(run => run.Imbalance),
        runs.Average(run => run.FirstTokenP50), runs.Average(run => run.FirstTokenP90), runs.Average(run => run.FirstTokenP99),
        runs.Average(run => run.EndP50), runs.Average(run => run.EndP90), runs.Average(run => run.EndP99), runs.Average(run => run.Goodput));

    private static bool IsGood(Answer answer) =>
        answer.FirstTokenAt - answer.ArrivedAt <= GoodFirstToken
        && (answer.DoneAt - answer.FirstTokenAt) / Math.Max(1, answer.Request.AnswerTokens - 1) <= GoodPerToken;

    private static double At(double[] sorted, double part) => sorted[Math.Min(sorted.Length - 1, (int)(part * sorted.Length))];
}
