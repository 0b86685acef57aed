using System.Globalization;
using AiInfra.Bench.Running;
using AiInfra.MemoryService.Chat;
using AiInfra.MemoryService.Embeddings;
using AiInfra.MemoryService.Search;

namespace AiInfra.Bench.LoCoMo;

/// <summary>
/// What the threshold of chats (<c>Chat:MinRelevance</c>) keeps and leaves out: turns that answer a question, turns that do not, and what
/// a question gets from a conversation that has no answer to it.
/// </summary>
internal sealed class RelevanceBenchmark : IBenchmark
{
    // As many as a chat looks at.
    private const int Candidates = 20;

    private static readonly double[] Thresholds = [0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6];

    public string Name => "relevance";

    public string Summary => "what the relevance threshold of chats keeps of answers and of the rest, on LoCoMo; needs --data (locomo-dev); 2 min";

    public async Task<BenchReport> RunAsync(BenchArguments arguments, CancellationToken cancellationToken)
    {
        var model = ModelFiles.Verified(null);
        var pieces = new WordPieces(Path.Combine(model, "vocab.txt"));
        using var generator = new MiniLmEmbeddingGenerator(Path.Combine(model, "model.onnx"), pieces, Environment.ProcessorCount);
        var all = new List<IndexedConversation>();
        foreach (var file in Directory.EnumerateFiles(arguments.DataFolder("locomo-dev"), "*.json").Order(StringComparer.Ordinal))
        {
            all.Add(await IndexedConversation.OfAsync(LoCoMoConversation.Read(file), generator, pieces, cancellationToken));
        }

        // By question: the relevance of each answer found, of each other turn found, and of what a strange conversation gives.
        var (answers, others, strange) = (new List<double[]>(), new List<double[]>(), new List<double[]>());
        for (var c = 0; c < all.Count; c++)
        {
            var (own, other) = (all[c], all[(c + 1) % all.Count]);
            for (var q = 0; q < own.Questions.Count; q++)
            {
                var asked = own.Conversation.Questions[q];
                var hits = own.Search(asked.Text, own.Questions[q], SearchWeights.Default, Candidates).ToLookup(hit => asked.Evidence.Contains(own.Conversation.Turns[(int)hit.Sequence].Id));
                answers.Add(Relevances(hits[true]));
                others.Add(Relevances(hits[false]));
                strange.Add(Relevances(other.Search(asked.Text, own.Questions[q], SearchWeights.Default, Candidates)));
            }
        }

        return new BenchReport(Name, [.. Thresholds.Select(threshold => Row(threshold, answers, others, strange))], [])
        {
            Notes =
            [
                string.Create(CultureInfo.InvariantCulture, $"{answers.Count} questions, the first {Candidates} turns of each; the service's own threshold is {new ChatOptions().MinRelevance}."),
                "\"strange\": the question is asked of the next conversation, where nothing answers it.",
            ],
        };
    }

    private static double[] Relevances(IEnumerable<SearchHit> hits) => [.. hits.Select(hit => ChatTurns.Relevance(hit.Terms))];

    private static BenchRow Row(double threshold, List<double[]> answers, List<double[]> others, List<double[]> strange)
    {
        var found = answers.Where(question => question.Length > 0).ToList();
        return new BenchRow(threshold.ToString("0.00", CultureInfo.InvariantCulture), new Dictionary<string, double>
        {
            ["answers kept %"] = 100 * found.Average(question => (double)question.Count(IsKept) / question.Length),
            ["answered at all %"] = 100 * found.Average(question => question.Any(IsKept) ? 1.0 : 0),
            ["others kept"] = others.Average(question => question.Count(IsKept)),
            ["strange: gets any %"] = 100 * strange.Average(question => question.Any(IsKept) ? 1.0 : 0),
            ["strange: kept"] = strange.Average(question => question.Count(IsKept)),
        });

        bool IsKept(double relevance) => relevance >= threshold;
    }
}
