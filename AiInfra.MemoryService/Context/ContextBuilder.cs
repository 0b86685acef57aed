using System.Globalization;
using System.Text.RegularExpressions;
using AiInfra.MemoryService.Access;
using AiInfra.MemoryService.Embeddings;
using AiInfra.MemoryService.Memories;
using AiInfra.MemoryService.Search;

namespace AiInfra.MemoryService.Context;

/// <summary>Puts the memories that bear on a question into a text for a model: within a budget, each with a mark to cite it by.</summary>
internal sealed partial class ContextBuilder(MemorySearch search, WordPieces pieces)
{
    public const int DefaultTokens = 1000;
    public const int FewestTokens = 16;
    public const int MostTokens = 32_000;

    private const int Candidates = 50;
    // Where several write, one alone cannot fill what a model reads: a poisoned writer stays one voice of several.
    private const double WriterShare = 0.5;

    public async Task<ContextResponse> BuildAsync(Caller caller, string query, int maxTokens, SearchFilter filter, CancellationToken cancellationToken)
    {
        var found = await search.SearchAsync(caller, query, Ranking.Hybrid, filter, Candidates, cancellationToken);
        var several = found.Select(hit => hit.Memory.Attributes.Writer).Distinct(StringComparer.Ordinal).Count() > 1;
        var byWriter = new Dictionary<string, int>(StringComparer.Ordinal);
        var taken = new List<(FoundMemory Hit, string Line)>();
        var tokens = 0;
        foreach (var hit in found)
        {
            var line = Line(taken.Count + 1, hit.Memory);
            var cost = pieces.Count(line);
            var writer = hit.Memory.Attributes.Writer ?? "";
            if (tokens + cost > maxTokens || (several && byWriter.GetValueOrDefault(writer) + cost > maxTokens * WriterShare))
            {
                continue;
            }

            taken.Add((hit, line));
            tokens += cost;
            byWriter[writer] = byWriter.GetValueOrDefault(writer) + cost;
        }

        // Oldest first: a model reads what came later as the newer truth.
        var text = string.Join('\n', taken.OrderBy(entry => entry.Hit.Memory.Attributes.Timestamp).Select(entry => entry.Line));
        return new ContextResponse(text, tokens, [.. taken.Select((entry, i) => new CitationResponse(i + 1, entry.Hit.Memory.Id, entry.Hit.Score))]);
    }

    private static string Line(int number, MemoryRecord memory)
    {
        var speaker = memory.Attributes.Speaker is { } name ? $" {OneLine(name)}:" : "";
        return string.Create(CultureInfo.InvariantCulture, $"[{number}] {memory.Attributes.Timestamp:yyyy-MM-dd}{speaker} {OneLine(memory.Text)}");
    }

    // A memory is data: what could end its line, or look like a mark or a message of the chat's own format, is taken apart.
    private static string OneLine(string text) => ChatMarks().Replace(Breaks().Replace(text, " "), match => string.Join(' ', match.Value.ToCharArray()));

    [GeneratedRegex(@"[\r\n\u2028\u2029\u0085]+")]
    private static partial Regex Breaks();

    [GeneratedRegex(@"<\|[^|>]{0,40}\|>|\[/?INST\]|</?s>|</?(?:system|user|assistant|memory|memories|context)>|\[\d{1,3}\]|###", RegexOptions.IgnoreCase)]
    private static partial Regex ChatMarks();
}
