using AiInfra.Bench.Running;

namespace AiInfra.Bench.LoCoMo;

/// <summary>Share of a question's evidence among the first k results, averaged over questions, in per cent.</summary>
internal sealed class Recall
{
    public const int Deepest = 50;

    private static readonly int[] Depths = [5, 10, Deepest];

    private readonly List<(int Category, double[] Values)> _questions = [];

    public void Add(int category, IReadOnlyList<string> evidence, IReadOnlyList<string> found) =>
        _questions.Add((category, [.. Depths.Select(k => (double)evidence.Count(found.Take(k).Contains) / evidence.Count)]));

    public void Add(Recall other) => _questions.AddRange(other._questions);

    /// <summary>At 5, 10 and 50, over all questions or those of one category.</summary>
    public double[] At(int? category = null)
    {
        var values = _questions.Where(question => category is null || question.Category == category).Select(question => question.Values).ToList();
        return [.. Depths.Select((_, i) => values.Count == 0 ? 0 : 100 * values.Average(value => value[i]))];
    }

    public IEnumerable<BenchRow> Rows(string label)
    {
        yield return Row(label, null);
        foreach (var (category, name) in LoCoMoConversation.Categories.Where(pair => _questions.Any(question => question.Category == pair.Key)))
        {
            yield return Row($"  {name}", category);
        }
    }

    private BenchRow Row(string label, int? category) => new(label, new Dictionary<string, double>
    {
        ["recall@5"] = At(category)[0],
        ["recall@10"] = At(category)[1],
        ["recall@50"] = At(category)[2],
        ["questions"] = _questions.Count(question => category is null || question.Category == category),
    });
}
