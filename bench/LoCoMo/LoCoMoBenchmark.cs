using AiInfra.Bench.Memory;
using AiInfra.Bench.Running;

namespace AiInfra.Bench.LoCoMo;

/// <summary>Finds the turns that answer questions about long conversations, stored and asked as any client does. No LLM judges.</summary>
internal sealed class LoCoMoBenchmark : IBenchmark
{
    public string Name => "locomo";

    public string Summary => "turn recall@5/10/50 on LoCoMo through the memory service's REST API: BM25, MiniLM, equal RRF, default with and without late interaction; needs --data (locomo-dev); 4 min, --full also chooses weights by leaving one conversation out: 4 min more";

    public async Task<BenchReport> RunAsync(BenchArguments arguments, CancellationToken cancellationToken)
    {
        var folder = arguments.DataFolder("locomo-dev");
        var conversations = Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal).Select(LoCoMoConversation.Read).ToList();
        if (conversations.Count == 0)
        {
            throw new BenchException($"{folder} holds no conversation (*.json).");
        }

        await using var tokens = await ServiceTokens.StartAsync(cancellationToken);
        await using var memory = await MemoryProcess.StartAsync(tokens, cancellationToken);
        var words = await MeasureAsync(memory, conversations, "words", turn => turn.Text, [.. Rankings.All.Select(ranking => ranking.Api)], cancellationToken);
        // LoCoMo's own code gives a model the caption of a shared photo with the turn: a client that has it stores it too.
        var photos = await MeasureAsync(memory, conversations, "photos", WithPhoto, [Rankings.Default], cancellationToken);

        var chosen = arguments.Full ? await new WeightChoice(conversations).RunAsync(cancellationToken) : [];
        var best = words[Rankings.Default];
        var light = words[Rankings.WithoutLateInteraction];
        return new BenchReport(
            Name,
            [.. Rankings.All.SelectMany(ranking => words[ranking.Api].Rows(ranking.Label)), .. photos[Rankings.Default].Rows("default, photos stored by their captions"), .. chosen],
            [
                BenchBar.AtLeast("default @5", best.At()[0], 78.0),
                BenchBar.AtLeast("default @10", best.At()[1], 85.7),
                BenchBar.AtLeast("default @50", best.At()[2], 93.8),
                BenchBar.AtLeast("default, multi-hop @10", best.At(category: 1)[1], 55),
                BenchBar.AtLeast("without late interaction @5", light.At()[0], 72.8),
                BenchBar.AtLeast("without late interaction @10", light.At()[1], 82.2),
                BenchBar.AtLeast("without late interaction @50", light.At()[2], 91.8),
            ])
        {
            Notes =
            [
                $"{conversations.Count} conversations, {conversations.Sum(conversation => conversation.Turns.Count)} turns, {conversations.Sum(conversation => conversation.Questions.Count)} questions with evidence; one user a conversation.",
                "Bars of the development half; for other conversations 76.3 / 83.5 / 93.2.",
            ],
        };
    }

    private static string WithPhoto(Turn turn) => turn.Caption is null ? turn.Text : $"{turn.Text} [{turn.Caption}]";

    private static async Task<Dictionary<string, Recall>> MeasureAsync(
        MemoryProcess memory, List<LoCoMoConversation> conversations, string variant, Func<Turn, string> text, string[] rankings, CancellationToken cancellationToken)
    {
        var recalls = rankings.ToDictionary(ranking => ranking, _ => new Recall());
        foreach (var conversation in conversations)
        {
            using var client = memory.Client($"{variant}-{conversation.Name}");
            var ids = await client.StoreAsync(
                conversation.Turns.Select(turn => new { text = text(turn), sessionId = turn.Session, speaker = turn.Speaker, timestamp = turn.Time }), cancellationToken);
            var turnOf = ids.Zip(conversation.Turns, (id, turn) => (id, turn.Id)).ToDictionary(pair => pair.id, pair => pair.Id, StringComparer.Ordinal);
            foreach (var question in conversation.Questions)
            {
                foreach (var ranking in rankings)
                {
                    var found = await client.SearchAsync(question.Text, ranking, Recall.Deepest, cancellationToken);
                    recalls[ranking].Add(question.Category, question.Evidence, [.. found.Select(id => turnOf[id])]);
                }
            }
        }

        return recalls;
    }
}
