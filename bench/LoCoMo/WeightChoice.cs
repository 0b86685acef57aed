using AiInfra.Bench.Running;
using AiInfra.MemoryService.Embeddings;
using AiInfra.MemoryService.Search;

namespace AiInfra.Bench.LoCoMo;

/// <summary>
/// Chooses weights on all conversations but one and judges them on that one, each in turn: what such a choice is worth, and whether the
/// service's own weights are as good. In process, for a choice is made of thousands of searches.
/// </summary>
internal sealed class WeightChoice(IReadOnlyList<LoCoMoConversation> conversations)
{
    private static readonly float[] Lexical = [0.6f, 0.8f, 1];
    private static readonly float[] Dense = [1.5f, 1.8f];
    private static readonly float[] Late = [3, 3.5f];
    private static readonly float[] Answer = [0, 0.3f, 0.6f, 0.9f];

    public async Task<IReadOnlyList<BenchRow>> RunAsync(CancellationToken cancellationToken)
    {
        var model = ModelFiles.Verified(null);
        var pieces = new WordPieces(Path.Combine(model, "vocab.txt"));
        using var generator = new MiniLmEmbeddingGenerator(Path.Combine(model, "model.onnx"), pieces, Environment.ProcessorCount);
        var choices = new List<SearchWeights> { SearchWeights.Default };
        foreach (var (lexical, dense) in Lexical.SelectMany(lexical => Dense.Select(dense => (lexical, dense))))
        {
            choices.AddRange(Late.SelectMany(late => Answer.Select(answer => SearchWeights.Default with { Lexical = lexical, Dense = dense, LateInteraction = late, Answer = answer })));
        }

        // By choice and conversation.
        var recalls = choices.Select(_ => conversations.Select(_ => new Recall()).ToList()).ToList();
        for (var c = 0; c < conversations.Count; c++)
        {
            Measure(await IndexedConversation.OfAsync(conversations[c], generator, pieces, cancellationToken), c, choices, recalls);
        }

        var held = new Recall();
        for (var c = 0; c < conversations.Count; c++)
        {
            var others = Enumerable.Range(0, conversations.Count).Where(other => other != c).ToList();
            var best = Enumerable.Range(0, choices.Count).MaxBy(choice => others.Average(other => recalls[choice][other].At().Average()))!;
            held.Add(recalls[best][c]);
        }

        var rows = new List<BenchRow>(held.Rows("weights chosen without the conversation"));
        foreach (var (choice, i) in choices.Select((choice, i) => (choice, i)).OrderByDescending(pair => All(pair.i).At().Average()).Take(8).Append((choices[0], 0)))
        {
            var all = All(i);
            rows.Add(new BenchRow(FormattableString.Invariant($"  L {choice.Lexical} D {choice.Dense} T {choice.LateInteraction} A {choice.Answer}"), new Dictionary<string, double>
            {
                ["recall@5"] = all.At()[0],
                ["recall@10"] = all.At()[1],
                ["recall@50"] = all.At()[2],
                ["multi-hop@10"] = all.At(1)[1],
            }));
        }

        return rows;

        Recall All(int choice)
        {
            var all = new Recall();
            recalls[choice].ForEach(all.Add);
            return all;
        }
    }

    private static void Measure(IndexedConversation indexed, int number, List<SearchWeights> choices, List<List<Recall>> recalls)
    {
        var conversation = indexed.Conversation;
        for (var q = 0; q < conversation.Questions.Count; q++)
        {
            var asked = conversation.Questions[q];
            for (var choice = 0; choice < choices.Count; choice++)
            {
                var found = indexed.Search(asked.Text, indexed.Questions[q], choices[choice], Recall.Deepest);
                recalls[choice][number].Add(asked.Category, asked.Evidence, [.. found.Select(hit => conversation.Turns[(int)hit.Sequence].Id)]);
            }
        }
    }
}
