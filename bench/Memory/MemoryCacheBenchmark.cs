using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AiInfra.Bench.Running;

namespace AiInfra.Bench.Memory;

/// <summary>What memory in chats does to a model server's prefix cache, by where the memories are put.</summary>
internal sealed partial class MemoryCacheBenchmark : IBenchmark
{
    private const int Chats = 4;
    private const int Turns = 6;
    private const int Facts = 60;

    private static readonly string Rules = string.Join(' ', Enumerable.Range(1, 25).Select(i => $"Rule {i} says that answers are short and plain."));

    public string Name => "memorycache";

    public string Summary => "prefix-cache hits of multi-turn chats on LocalVllm: without memory, with memory at the newest words and replayed, the same not replayed, and after the system message; 2 min";

    public async Task<BenchReport> RunAsync(BenchArguments arguments, CancellationToken cancellationToken)
    {
        using var stage = await ChatStage.StartAsync(cancellationToken);
        var random = new Random(11);
        var facts = Enumerable.Range(0, Facts).Select(_ => SyntheticText.Sentence(random)).ToList();
        await stage.Client.StoreAsync(facts.Select(text => new { text }), cancellationToken);
        // Each turn asks about a fact in other words, so that each brings memories of its own.
        var questions = Enumerable.Range(0, Chats * Turns).Select(i => $"Tell me more: {facts[i % Facts].TrimEnd('.')}, is that so?").ToList();

        var rows = new List<BenchRow>();
        var hits = new Dictionary<Placement, double>();
        foreach (var placement in Enum.GetValues<Placement>())
        {
            var before = await CountersAsync(stage, cancellationToken);
            var injected = await ChatAsync(stage, placement, questions, cancellationToken);
            var after = await CountersAsync(stage, cancellationToken);
            var (queried, hit) = (after.Queries - before.Queries, after.Hits - before.Hits);
            hits[placement] = hit;
            rows.Add(new BenchRow(Label(placement), new Dictionary<string, double>
            {
                ["prompt tokens"] = queried,
                ["hit tokens"] = hit,
                ["hit %"] = 100 * hit / queried,
                ["hits against none %"] = 100 * hit / hits[Placement.None],
                ["computed tokens"] = queried - hit,
                ["turns with memories"] = injected,
            }));
        }

        return new BenchReport(
            Name,
            rows,
            [
                BenchBar.AtLeast("at the newest words, replayed: hits against no memory, %", 100 * hits[Placement.NewestWords] / hits[Placement.None], 95),
                BenchBar.AtLeast("the same against after the system message, ratio", hits[Placement.NewestWords] / Math.Max(1, hits[Placement.AfterSystem]), 1),
            ])
        {
            Notes = [$"{Chats} chats of {Turns} turns, interleaved, on one simulated replica with blocks of 16 tokens; the replica's own counters."],
        };
    }

    private enum Placement
    {
        None,
        NewestWords,
        NotReplayed,
        AfterSystem,
    }

    private static string Label(Placement placement) => placement switch
    {
        Placement.None => "no memory",
        Placement.NewestWords => "at the newest words, replayed (the gateway)",
        Placement.NotReplayed => "at the newest words, not replayed",
        _ => "after the system message",
    };

    private static async Task<int> ChatAsync(ChatStage stage, Placement placement, List<string> questions, CancellationToken cancellationToken)
    {
        var chats = Enumerable.Range(0, Chats).Select(i => new JsonArray { Message("system", $"{placement} {i}. {Rules}") }).ToList();
        var injected = 0;
        for (var turn = 0; turn < Turns; turn++)
        {
            for (var chat = 0; chat < Chats; chat++)
            {
                var question = questions[(chat * Turns) + turn];
                chats[chat].Add(Message("user", question));
                var sent = chats[chat].DeepClone().AsArray();
                if (placement is Placement.NotReplayed or Placement.AfterSystem)
                {
                    var target = placement == Placement.AfterSystem ? sent[0]! : sent[^1]!;
                    var text = await ContextAsync(stage, question, cancellationToken);
                    target["content"] = placement == Placement.AfterSystem ? $"{target["content"]}\n{text}" : $"{text}\n\n{target["content"]}";
                    injected++;
                }

                using var request = new HttpRequestMessage(HttpMethod.Post, "v1/chat/completions")
                {
                    Content = JsonContent.Create(new JsonObject { ["model"] = ChatStage.Model, ["messages"] = sent, ["max_tokens"] = 12, ["temperature"] = 0 }),
                };
                request.Headers.Add("x-aiinfra-memory", placement == Placement.NewestWords ? "read" : "none");
                using var response = await stage.Client.SendAsync(request, cancellationToken);
                response.EnsureSuccessStatusCode();
                injected += response.Headers.TryGetValues("x-aiinfra-memory", out var told) && told.Contains("used") ? 1 : 0;
                var answer = (await response.Content.ReadFromJsonAsync<JsonObject>(cancellationToken))!["choices"]![0]!["message"]!["content"];
                chats[chat].Add(Message("assistant", (string?)answer ?? ""));
            }
        }

        return injected;
    }

    private static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };

    private static async Task<string> ContextAsync(ChatStage stage, string query, CancellationToken cancellationToken)
    {
        using var response = await stage.Client.PostAsJsonAsync("v1/memories/context", new { query, maxTokens = 160 }, cancellationToken);
        response.EnsureSuccessStatusCode();
        return (string)(await response.Content.ReadFromJsonAsync<JsonObject>(cancellationToken))!["text"]!;
    }

    private static async Task<(double Queries, double Hits)> CountersAsync(ChatStage stage, CancellationToken cancellationToken)
    {
        using var client = new HttpClient();
        var page = await client.GetStringAsync(stage.Metrics, cancellationToken);
        return (Sum("queries"), Sum("hits"));

        double Sum(string name) => Counter().Matches(page).Where(match => match.Groups[1].Value == name).Sum(match => double.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture));
    }

    [GeneratedRegex(@"^vllm:prefix_cache_(queries|hits)_total\{[^}]*\} ([0-9.eE+]+)", RegexOptions.Multiline)]
    private static partial Regex Counter();
}
